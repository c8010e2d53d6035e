# The commands of the project; each sets up what it needs and is safe to repeat.
PYTHON ?= python3
PORT ?= 8000
# How many processes run the tests: one a core, four at most, WORKERS=0 the one that was called.
WORKERS ?= auto
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Some machines forbid compiled modules; every command would then compile the whole product anew at each start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test lint check quick bench format translations clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.packages $(VENV)/.assets $(VENV)/.translations ## .venv with everything pinned, browser libraries, fonts, translations

$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is incomplete: installing python3-venv"; apt-get install -y -q python3-venv; }
	$(PYTHON) -m venv $(VENV)

# Of nine thousand modules a third is ever loaded, and is compiled then: to compile all of them took a third of the whole set-up.
$(VENV)/.packages: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q --no-compile --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# Node is only needed to fetch browser libraries; where the machine has none, it comes from PyPI into the same .venv.
$(VENV)/.assets: package.json package-lock.json requirements/node.txt trainhub/assets.py | $(VENV)/.packages
	@if command -v npm >/dev/null 2>&1; then npm ci --no-audit --no-fund --silent; \
	else $(BIN)/pip install -q --no-compile --require-hashes -r requirements/node.txt && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --silent; fi
	$(BIN)/python -m trainhub.assets
	@touch $@

$(VENV)/.translations: $(wildcard trainhub/translations/*/LC_MESSAGES/*.po) | $(VENV)/.packages
	$(BIN)/pybabel -q compile -d trainhub/translations
	@touch $@

run: setup ## the demo province on http://127.0.0.1:8000 (PORT=8001: another port), embedded SQLite
	$(BIN)/trainhub demo
	$(BIN)/trainhub serve --port $(PORT)

test: setup ## the whole suite; what needs PostgreSQL or Chromium is skipped and listed when they are missing
	$(BIN)/pytest -n $(WORKERS) --maxprocesses 4

lint: setup ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates

check: setup ## the same and the quick tests, beside each other: what each said is printed when it has ended
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint quick

quick: setup
	$(BIN)/pytest -q -n $(WORKERS) --maxprocesses 4 -m "not slow and not browser" --no-header tests/architecture tests/trainhub/policy tests/trainhub/kernel

bench: setup ## the benchmarks; prints figures, never fails on them
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || echo "$$file: exit code $$?"; done

format: setup ## format the code
	$(BIN)/ruff check --fix --unfixable F401 .
	$(BIN)/ruff format .

# Lines are not wrapped, the header stays and what is no longer said goes: on an unchanged tree this changes nothing.
translations: setup ## collect messages into the catalogues; new ones stand there with an empty translation
	$(BIN)/pybabel -q extract --ignore-dirs '.*' -F trainhub/translations/babel.cfg -k _ -k _l -k N_ --no-location --sort-output --no-wrap -o trainhub/translations/messages.pot trainhub courses enterprises templates
	$(BIN)/pybabel -q update -i trainhub/translations/messages.pot -d trainhub/translations --no-fuzzy-matching --no-wrap --ignore-obsolete --ignore-pot-creation-date

clean: ## remove what set-up and tests made; never the instance
	rm -rf $(VENV) node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
