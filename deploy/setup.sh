#!/usr/bin/env bash
# Makes .venv and installs into it. Safe to run again: a stamp of the requirements makes that take no time.
#   --dev      also what tests, lint and types need
#   --system   also Debian's Chromium and PostgreSQL, which some tests drive
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
TORCH_VERSION=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' requirements.txt)
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu

dev=no system=no
for option in "$@"; do
  case "$option" in
    --dev) dev=yes ;;
    --system) system=yes ;;
    *) echo "setup.sh takes --dev and --system, not $option." >&2; exit 2 ;;
  esac
done

say() { echo "· $*"; }
stop() { echo "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else stop "This needs root: $*. Run it as root once, or install sudo."
  fi
}

find_python() {
  local candidate
  for candidate in python3.11 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
      echo "$candidate"
      return
    fi
  done
  stop "Python 3.11 is missing. On Debian 12: apt-get install python3.11 python3.11-venv"
}

make_venv() {
  if [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    return
  fi
  local python
  python=$(find_python)
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "Python's venv module is missing. On Debian 12: apt-get install python3.11-venv"
  say "Making .venv with $("$python" --version)."
  "$python" -m venv --clear .venv
}

# The names that follow are installed unless the stamp says that exactly these are there.
stamp_of() { cat "$@" deploy/setup.sh | sha256sum | cut -d ' ' -f 1; }
is_stamped() { [ "$(cat ".venv/.stamp-$1" 2>/dev/null)" = "$2" ]; }

install_torch() {
  # The CPU build: the default one brings 3 GB of CUDA that this site never asks for.
  if .venv/bin/python -c "import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != '$TORCH_VERSION')" 2>/dev/null; then
    return
  fi
  say "Installing PyTorch $TORCH_VERSION for the CPU (about 200 MB)."
  .venv/bin/python -m pip install --disable-pip-version-check "torch==$TORCH_VERSION+cpu" 2>/dev/null ||
    .venv/bin/python -m pip install --disable-pip-version-check "torch==$TORCH_VERSION" --index-url "$TORCH_CPU_INDEX" ||
    stop "PyTorch could not be installed. Check the network, then run the same command again."
}

install_site() {
  local stamp
  stamp=$(stamp_of requirements.txt)
  is_stamped site "$stamp" && return
  say "Installing uv, which installs the rest."
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
  install_torch
  say "Installing what the site needs."
  .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements.txt
  echo "$stamp" >.venv/.stamp-site
  say "Installed."
}

install_dev() {
  local stamp
  stamp=$(stamp_of requirements.txt requirements-dev.txt)
  is_stamped dev "$stamp" && return
  say "Installing what the tests need."
  .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements-dev.txt
  echo "$stamp" >.venv/.stamp-dev
}

install_system() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium fonts-liberation)
  command -v chromedriver >/dev/null || missing+=(chromium-driver)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || stop "The tests need ${missing[*]}, and this is no Debian: install them by hand."
  say "Installing ${missing[*]} from Debian, for the tests."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

make_venv
install_site
[ "$dev" = no ] || install_dev
[ "$system" = no ] || install_system
