# Each command works on a fresh machine: what it needs is set up first, inside .venv.
PYTHON ?= python3
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check

export PORT BEDROCK PAINTER

.PHONY: help run test check

help: ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: .venv/run ## the website, the API and a local Bedrock on this machine; Ctrl-C ends it
	@.venv/bin/python -m local

test: .venv/dev ## every test; chromium is found or installed
	@.venv/bin/python -m tests.browser.chromium
	@.venv/bin/python -m pytest

check: .venv/dev ## format, lint, types and the fast tests, in seconds
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/python -m pytest --quiet -m 'not slow'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Easel needs Python 3.11 or newer; say which one with make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements-local.txt
	@echo 'Installing what running needs, once.'
	@$(PIP) -r requirements-local.txt
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	@echo 'Installing what testing needs, once.'
	@$(PIP) -r requirements-dev.txt
	@touch $@
