#!/usr/bin/env bash
# Everything that must hold, in the order in which it fails fastest. `make test` installs what it needs first.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { echo; echo "── $*"; }

step "Lint"
.venv/bin/ruff check .
.venv/bin/ruff format --check .

step "Import contracts"
.venv/bin/lint-imports

step "Types"
.venv/bin/mypy .

step "Migrations"
.venv/bin/python manage.py makemigrations --check --dry-run

step "Tests"
.venv/bin/python -m pytest -q -n 2 -m "not browser and not faults"

step "Tests that drive a browser or kill processes"
.venv/bin/python -m pytest -q -m "browser or faults"

step "Concurrency, on PostgreSQL"
deploy/with_postgres.sh .venv/bin/python -m pytest -q -m concurrency
