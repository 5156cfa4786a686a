# make help lists what there is to do.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
CONFIG ?= config.yaml
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := aggregator tests $(wildcard benchmarks)

# What Debian has for the tests: a browser, a feed reader, a database, who reads units, and fonts.
TEST_PACKAGES := chromium fonts-dejavu-core fonts-noto-core fonts-noto-cjk newsboat postgresql systemd

.PHONY: help run demo test check lint format bench bench-credit bench-match soak fuzz audit lock reference docs release image clean distclean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do \
	  printf '  make %-13s %s\n' "$$name" "$$text"; done

run: $(VENV)/application.stamp ## start the daemon on config.yaml: http://localhost:8080/
	@exec $(BIN)/aggregator run --config $(CONFIG)

demo: $(VENV)/application.stamp ## show everything without the internet
	@exec $(BIN)/aggregator demo

test: $(VENV)/development.stamp ## all checks and all tests; installs what they need
	@tools/debian-packages $(TEST_PACKAGES)
	@command -v npm >/dev/null || tools/debian-packages nodejs npm  # others' Node.js brings its own
	@$(MAKE) lint
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/development.stamp lint ## the inner loop: checks, and the quick tests of what was changed
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --exitfirst $$($(BIN)/python tools/tests-of-changes)

lint: $(VENV)/development.stamp ## style, types, and which package may import which
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/ruff format --quiet --check $(SOURCES)
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

format: $(VENV)/development.stamp ## put the code into shape
	@$(BIN)/ruff check --quiet --fix $(SOURCES) || true
	@$(BIN)/ruff format $(SOURCES)

bench: $(VENV)/development.stamp ## measure against a peer; writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks

bench-match: $(VENV)/development.stamp ## finding copies alone: precision, recall, speed, beside peers
	@$(BIN)/python -m benchmarks.match

bench-credit: $(VENV)/development.stamp ## reading credits alone: precision, recall, cost
	@$(BIN)/python -m benchmarks.credit

soak: $(VENV)/development.stamp ## the long runs: 300 kills, two hours of polls by a fast clock
	@$(BIN)/python tests/soak kills
	@$(BIN)/python tests/soak polls

fuzz: $(VENV)/development.stamp ## a million inputs, or FUZZ_EXAMPLES=n, for what reads and writes
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-1000000} $(BIN)/pytest tests/fuzz

audit: $(VENV)/development.stamp ## known holes in the packages of the locks; asks their advisory service
	@test -x $(BIN)/pip-audit || { echo "First: $(BIN)/python -m pip install pip-audit" >&2; exit 1; }
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock -r requirements-dev.lock

lock: $(VENV)/development.stamp ## resolve the dependencies afresh
	@tools/compile-locks $(BIN)

reference: $(VENV)/application.stamp ## write the pages that are made from the code: settings, commands
	@$(BIN)/python tools/write-reference

release: $(VENV)/development.stamp ## make a release here: make release VERSION=0.2.0 (DRY_RUN=--dry-run)
	@$(BIN)/python tools/release $(VERSION) $(DRY_RUN)

docs: $(VENV)/development.stamp ## build the documentation as a site, in build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

image: ## build the container image
	docker build --tag aggregator .

clean: ## remove what tools left behind
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist artifacts
	@find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## the same, and the virtual environment
	@rm -rf $(VENV)

$(BIN)/python:
	@tools/make-venv $(PYTHON) $(VENV)

$(VENV)/application.stamp: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo "Installing the packages of requirements.lock into $(VENV)" >&2
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/development.stamp: requirements-dev.lock $(VENV)/application.stamp
	@echo "Installing the packages of requirements-dev.lock into $(VENV)" >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
