# Everything that one does with this repository. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON := .venv/bin/python
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup run test quick lint format types bench train lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup:  ## make .venv and install what the site needs
	@deploy/setup.sh

run: setup  ## run the whole site on http://localhost:8000 (PORT changes the port); Ctrl-C ends it
	@exec $(PYTHON) manage.py serve

test:  ## everything that must hold: lint, types, contracts, migrations, all tests (also what CI runs)
	@deploy/setup.sh --dev --system
	@deploy/check.sh

quick:  ## the fast part of the tests
	@deploy/setup.sh --dev
	@$(PYTHON) -m pytest -q -n 2 -m "not browser and not faults"

lint:  ## ruff, import contracts
	@deploy/setup.sh --dev
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && .venv/bin/lint-imports

format:  ## let ruff put the code in order
	@deploy/setup.sh --dev
	@$(PYTHON) -m ruff check --fix . ; $(PYTHON) -m ruff format .

types:  ## mypy
	@deploy/setup.sh --dev
	@$(PYTHON) -m mypy .

bench:  ## measure what the documents claim, each beside a floor or a peer
	@deploy/setup.sh --dev
	@$(PYTHON) -m benchmarks.analysis_speed
	@$(PYTHON) -m benchmarks.mix_speed
	@$(PYTHON) -m benchmarks.journey
	@$(PYTHON) -m benchmarks.board_speed

DATA ?= ../shared/data

train:  ## fit and train every mixer that ships anew, from DATA (../shared/data unless said)
	@deploy/setup.sh
	@$(PYTHON) manage.py fit_rules --data $(DATA) --output models/rough-mix.json
	@for family in console-net deep-sets spectrogram-cnn; do \
		$(PYTHON) manage.py train_mixer --family $$family --data $(DATA); \
		for bits in f16 int8; do $(PYTHON) manage.py quantize_mixer $$family --to $$bits; done; \
	done
	@$(PYTHON) manage.py train_mixer --family console-net --styles
	@$(PYTHON) manage.py train_mixer --family reference-net --data $(DATA)
	@$(PYTHON) manage.py evaluate_reference --data $(DATA) --folds 3 --generated 6 --record models
	@for bits in f16 int8; do $(PYTHON) manage.py quantize_mixer reference-net --to $$bits; done

lock:  ## turn requirements*.in into pinned requirements*.txt
	@deploy/setup.sh
	@.venv/bin/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url requirements.in -o requirements.txt
	@sed -i -E "/^(nvidia-|cuda-|triton==)/d" requirements.txt  # the CPU build needs none of them
	@.venv/bin/uv pip compile --quiet --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url requirements-dev.in -o requirements-dev.txt

clean:  ## remove caches; your songs in var/ stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
