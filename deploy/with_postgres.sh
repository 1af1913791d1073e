#!/usr/bin/env bash
# Runs a command against a PostgreSQL of its own, in a folder that goes when the command ends. Unix socket only.
set -euo pipefail

binaries=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")
folder=$(mktemp -d /tmp/aimixer-pg-XXXXXX)

# PostgreSQL refuses to run as root; its own user comes with Debian's package.
as_owner() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$folder"
  as_owner() { (cd / && runuser -u postgres -- "$@"); }
fi

finish() {
  as_owner "$binaries/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT

as_owner "$binaries/initdb" -D "$folder/data" -U aimixer --auth=trust --no-sync -E UTF8 >/dev/null
as_owner "$binaries/pg_ctl" -D "$folder/data" -w -l "$folder/log" start \
  -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c fsync=off -c max_connections=200" >/dev/null

AIMIXER_DATABASE_URL="postgres://aimixer@${folder//\//%2F}/postgres" "$@"
