# One command each: `make run` for a running product, `make test` for every check. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: run test lint format clean help venv venv-test

# Set PYTHON to choose an interpreter; otherwise the first one that is new enough.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$name && break; done)
PY := .venv/bin/python
# A stamp carries the hash of what was installed, so a changed pin installs again and nothing else does.
HASH := $(shell cat requirements.txt .ci/constraints.txt | cksum | cut -d' ' -f1)
TEST_HASH := $(shell cat requirements.txt tests/requirements.txt .ci/constraints.txt | cksum | cut -d' ' -f1)
RUN_STAMP := .venv/.installed-$(HASH)
TEST_STAMP := .venv/.installed-test-$(TEST_HASH)
CHECKED := ttok_site recommender merchants tests manage.py
# Names what pip is about to do, in one quiet paragraph instead of a page; its warnings (about root, about
# locations that are not used) tell a newcomer nothing, its errors pass.
SHOW_PROGRESS := while read -r verb what rest; do case "$$verb" in \
	Collecting) printf '%s ' "$${what%%[=<>;(]*}";; \
	Installing) printf '\n  unpacking ...\n';; esac; done
QUIETLY := 2> >(grep -v '^WARNING: ' >&2) | { $(SHOW_PROGRESS); }
PIP_INSTALL := $(PY) -m pip install --disable-pip-version-check --no-input --progress-bar off -c .ci/constraints.txt

run: $(RUN_STAMP) ## set up, start everything, print the address and a demo login (PORT=8000)
	@exec $(PY) -m ttok_site.stack --stop-with-parent

test: $(TEST_STAMP) ## set up and run every check: format, lint, types, imports, Django, tests, browser
	@exec $(PY) -m tests.checks

lint: $(TEST_STAMP) ## format check, lint, types and import contracts only
	@exec $(PY) -m tests.checks format lint types imports

format: $(TEST_STAMP) ## rewrite the code in the house format
	@$(PY) -m ruff check --fix-only --quiet $(CHECKED) || true
	@$(PY) -m ruff format $(CHECKED)

venv: $(RUN_STAMP) ## only install what `run` needs

venv-test: $(TEST_STAMP) ## only install what `test` needs

clean: ## remove the virtual environment and caches (var/, with all data, stays)
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find $(CHECKED) -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(PY):
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 found; install one, or name it: make run PYTHON=/path/to/python3"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python lacks its venv module; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }

$(RUN_STAMP): requirements.txt .ci/constraints.txt | $(PY)
	@echo "Installing packages (about a minute, once):"
	@$(PIP_INSTALL) -r requirements.txt $(QUIETLY)
	@rm -f .venv/.installed-[0-9]*
	@touch $@

$(TEST_STAMP): tests/requirements.txt | $(RUN_STAMP)
	@echo "Installing packages for the tests:"
	@$(PIP_INSTALL) -r requirements.txt -r tests/requirements.txt $(QUIETLY)
	@rm -f .venv/.installed-test-*
	@touch $@
