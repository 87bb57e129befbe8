# Needs Python >= 3.11 with venv and pip, make and git; everything else is installed into .venv from hash-pinned locks.

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
MADE := .venv/.made
RUNTIME := .venv/.runtime
DEV := .venv/.dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run worker test fuzz check format lint types contracts dependencies dead-code migrations frozen-openapi \
	fix openapi migration bench lock clean

help: ## List what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Start a city with people and reports in a database of its own, to look at
	$(BIN)/suishoupai demo

# `run` is for this machine, where believing a name is enough to log in; the program refuses that on any other address.
run: export SUISHOUPAI_LOGIN_PROVIDER ?= development
run: $(RUNTIME) ## Migrate, load the default city when there is none, serve, and do the worker's job
	$(BIN)/suishoupai run

worker: $(RUNTIME) ## Do only the worker's job: timers and clean-up
	$(BIN)/suishoupai worker

test: $(DEV) ## Run all tests on SQLite and PostgreSQL; the branch coverage gates are 95 %, and 100 % for the rules
	$(BIN)/coverage erase
	$(BIN)/pytest -n 2 --cov --cov-report= --durations=10
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --include='app/domain/*' --fail-under=100

MINUTES ?= 10
fuzz: $(DEV) ## Send made-up requests as every role, on both databases: make fuzz [MINUTES=10] [SEED=number]
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

check: format lint types contracts dependencies dead-code migrations frozen-openapi ## Check all that needs no test

format: $(DEV)
	$(BIN)/ruff format --check .

lint: $(DEV)
	$(BIN)/ruff check .

types: $(DEV)
	$(BIN)/mypy

contracts: $(DEV)
	$(BIN)/lint-imports --no-logo --no-cache

dependencies: $(DEV)
	$(BIN)/deptry .

dead-code: $(DEV)
	$(BIN)/vulture

migrations: $(DEV)
	@fresh=$$(mktemp -d) && trap 'rm -r "$$fresh"' EXIT && set -x && \
	$(BIN)/alembic -x "url=sqlite:///$$fresh/check.db" upgrade head && \
	$(BIN)/alembic -x "url=sqlite:///$$fresh/check.db" check

frozen-openapi: $(DEV)
	$(BIN)/suishoupai openapi --check

fix: $(DEV) ## Repair format and lint findings that a machine can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: $(RUNTIME) ## Write openapi/openapi.json and openapi/problems.md, and docs/configuration.md
	$(BIN)/suishoupai openapi
	$(BIN)/python -m app.settings > docs/configuration.md

migration: $(DEV) ## Write the next revision from the models: make migration NAME="what changes"
	@test -n "$(NAME)" || { echo 'say what changes: make migration NAME="..."'; exit 1; }
	@fresh=$$(mktemp -d) && trap 'rm -r "$$fresh"' EXIT && url="sqlite:///$$fresh/now.db" && \
	number=$$(printf '%04d' $$(($$(ls alembic/versions/*.py 2>/dev/null | wc -l) + 1))) && \
	$(BIN)/alembic -x "url=$$url" upgrade head && \
	$(BIN)/alembic -x "url=$$url" revision --autogenerate --rev-id "$$number" -m "$(NAME)"

bench: $(DEV) ## Measure, all or one: make bench ONLY=name
	$(BIN)/python -m bench $(ONLY)

# uv does not read pip's configuration: where packages come from a mirror, set UV_DEFAULT_INDEX or UV_FIND_LINKS.
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--no-annotate --group pyproject.toml:build --extra postgres pyproject.toml

lock: ## Resolve requirements/*.lock again, keeping versions that still fit: make lock [UPGRADE=--upgrade]
	@tool=$$(mktemp -d) && trap 'rm -r "$$tool"' EXIT && $(PYTHON) -m venv "$$tool" && \
	"$$tool/bin/pip" install --quiet uv && set -x && \
	"$$tool/bin/uv" $(COMPILE) $(UPGRADE) -o requirements/runtime.lock && \
	"$$tool/bin/uv" $(COMPILE) $(UPGRADE) --group pyproject.toml:dev --extra train -c requirements/runtime.lock \
		-o requirements/dev.lock

clean: ## Remove .venv and what the tools left; var/ with its data stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11 or newer, or PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed, say which with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) comes without venv or pip: on Debian and Ubuntu install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "could not make .venv; an old one may be in the way: make clean"; exit 1; }
	@touch $@

$(RUNTIME): requirements/runtime.lock pyproject.toml | $(MADE)
	$(PIP_INSTALL) --require-hashes -r requirements/runtime.lock
	$(PIP_INSTALL) --no-build-isolation --no-deps -e .
	@touch $@

$(DEV): requirements/dev.lock $(RUNTIME)
	$(PIP_INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@
