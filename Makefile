# Everything runs from a fresh clone with Python 3.11 or newer, make, git and the package registry.
# The environments are made by the first target that needs them; docs/decisions/0002-pinned-requirements.md says how.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
WORKERS ?= 2
ARGS ?=

BIN := .venv/bin
BIN_DUCKDB2 := .venv-duckdb2/bin
# Commands are started thousands of times: compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=
PYTEST = python -m pytest -p no:cacheprovider -n $(WORKERS) --dist worksteal
# A `make` called by git (a hook) must not steer the repositories that the tests make.
unexport GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE

.PHONY: help demo quick static test fuzz crash bench docs site browser lock clean

help: ## Show this list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1\t/' | expand -t 10

demo: .venv/ready ## Play plan, apply, promote, an edit, a rollback and runs on the New York flights of 2013
	@$(BIN)/python -m demo $(ARGS)

quick: .venv/ready static ## Style, types, floors and the fast tests: under a minute
	@$(BIN)/$(PYTEST) -m "not slow" tests

static: .venv/ready
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/lint-imports --no-logo --cache-dir .import_linter_cache > .import_linter_report 2>&1 \
		|| { cat .import_linter_report; exit 1; }
	@$(BIN)/mypy --no-error-summary

# What another DuckDB may change: its engine, all that is built and released with it, and what commands then show.
DUCKDB_2 := cli/test_scenarios.py conformance/test_compare_conformance.py conformance/test_engine_conformance.py \
	conformance/test_load_conformance.py conformance/test_measure_conformance.py conformance/test_profile_conformance.py \
	engines evidence/test_compare_laws.py evidence/test_comparisons.py evidence/test_kinds.py \
	evidence/test_layout_laws.py evidence/test_mistakes_of_peers.py fuzz/test_loading_small.py \
	laws/test_adopted_tables.py laws/test_law_builds.py laws/test_law_checks.py laws/test_law_cut_off.py \
	laws/test_law_releases.py laws/test_rule_taint.py python/test_python_assets.py release/test_release_duckdb.py \
	run/test_carry_out.py run/test_cut_off.py trial
# Slow tests wait for processes and leases: more of them than there are cores keep those busy.
test: WORKERS = 4
test: .venv/ready .venv-duckdb2/ready .tpc/ready static ## All tests, on both DuckDB versions and PostgreSQL: about a quarter of an hour
	@echo "DuckDB 2:"
	@$(BIN_DUCKDB2)/$(PYTEST) -k "not postgres" $(DUCKDB_2:%=tests/%)
	@echo "DuckDB 1.5:"
	@$(BIN)/$(PYTEST) tests

fuzz: .venv/ready ## Ten thousand random projects and edits against full rebuilds, 5,000 damaged repositories (ARGS="--files 500")
	@$(BIN)/python -m fuzz $(ARGS)

crash: .venv/ready ## Kill, race and read while it publishes (ARGS="--kills 50")
	@$(BIN)/python -m crash $(ARGS)

bench: .venv/ready ## The tables of speed and memory; with ARGS the first alone (ARGS="--size 1000 --sqlmesh PYTHON --dbt PYTHON")
	@$(BIN)/python -m bench $(ARGS)
	@$(if $(ARGS),,for more in loads postgres state checks compare; do echo; $(BIN)/python -m bench.$$more || exit 1; done)

docs: .venv/ready ## Write the generated reference pages and the picture of a report, and check the documents
	@$(BIN)/python -m docs.write_reference
	@$(BIN)/python -m docs.write_pictures
	@$(BIN)/python -m pytest tests/house/test_documents.py tests/documents

site: .venv-docs/ready ## Make the site of the documents in .site/html
	@.venv-docs/bin/python -m docs.make_site
	@echo "Look: $(BIN)/python -m http.server --bind 127.0.0.1 --directory .site/html"

browser: ## Install Chromium, which opens the page of a report in the tests (Debian and Ubuntu, as root)
	timeout 300 apt-get install -y --no-install-recommends chromium

lock: ## Pin the newest allowed versions again (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate -q -o requirements/dev.txt
	uv pip compile pyproject.toml --group duckdb2 --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate -q -o requirements/duckdb2.txt
	uv pip compile requirements/docs.in --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate -q -o requirements/docs.txt

clean: ## Remove the environments and caches
	rm -rf .venv .venv-duckdb2 .tpc .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .demo

.tpc/ready: requirements/tpc.txt | .venv/ready
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary sqlglot --require-hashes \
		-r $< -d $(@D)
	@touch $@

.venv/ready: requirements/dev.txt pyproject.toml
.venv-duckdb2/ready: requirements/duckdb2.txt pyproject.toml

# The site needs nothing of Headgate.
.venv-docs/ready: requirements/docs.txt
	@test -n "$(PYTHON)" || { echo "Headgate needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv $(@D) || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/ready .venv-duckdb2/ready:
	@test -n "$(PYTHON)" || { echo "Headgate needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Installing $(<F) into $(@D) (once, about 20 s)" >&2
	@$(PYTHON) -m venv $(@D) || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 --require-hashes -r $<
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
