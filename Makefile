# `make run` and `make test` are all a newcomer needs; CONTRIBUTING.md explains the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
COMPILE := .tools/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes
OURS := config shared_apps tenant_apps billing audit
PYTEST := $(PY) -m pytest -n 2 --dist loadgroup
export VENV

.DEFAULT_GOAL := help
.PHONY: help run reset test test-fast pictures check mutate bench demo requirements lock install install-base \
  check-format check-lint check-rules check-types check-contracts check-migrations check-deploy check-security \
  check-openapi openapi examples messages

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install-base: ## installs what `make run` needs
	@$(PYTHON) config/embedded/install.py base

install: ## installs what tests and checks need too
	@$(PYTHON) config/embedded/install.py dev

run: install-base ## starts everything in the foreground; PORT=8000 by default
	@exec $(PY) -m config.embedded run

reset: install-base ## forgets the data of `make run`
	@$(PY) -m config.embedded reset

test: install ## the whole test suite
	@CHROMIUM="$$($(PY) -m config.embedded.chromium)"; export CHROMIUM; exec $(PYTEST)

test-fast: install ## without browser and crash tests
	@exec $(PYTEST) -m "not browser and not crash"

pictures: install ## every page as a picture, at both widths and in both themes, into var/screenshots
	@CHROMIUM="$$($(PY) -m config.embedded.chromium)"; export CHROMIUM; SCREENSHOTS=1 $(PYTEST) tests/browser

mutate: install ## flips every cell of the access matrix and shows that a test notices
	@$(PYTEST) tests/access/test_mutation.py
	@cat var/mutation.txt

bench: install ## the benchmarks, one JSON line a figure; ONLY=audit runs one group
	@exec $(PY) -m bench $(ONLY)

demo: install-base ## plays the whole story against the running server through its REST API
	@exec $(PY) -m bench.demo

requirements: install ## each requirement with the tests that prove it
	@exec $(PY) -m tests.requirements

CHECKS := format lint rules types contracts access migrations deploy security openapi
check: install $(CHECKS:%=check-%) ## formatter, linter, types, contracts, matrix, migrations, deploy check, security, OpenAPI

check-format:
	$(PY) -m ruff format --check .

check-lint:
	$(PY) -m ruff check .

check-rules: # what ruff cannot say
	$(PY) -m tests.lints

check-types:
	$(PY) -m mypy $(wildcard $(OURS))

check-contracts:
	$(VENV)/bin/lint-imports

check-access: ## every route has its permission, and docs/access-matrix.md says so
	DATABASE_POOL_SIZE=0 $(PY) manage.py show_matrix --check

check-migrations: # without a database the history cannot be compared; the tests migrate a real one
	DATABASE_POOL_SIZE=0 $(PY) -W "ignore:Got an error checking a consistent" manage.py makemigrations --check --dry-run

check-deploy: # as in production, with values that are no secret
	env $$(grep -v '^#' .ci/production.env) $(PY) manage.py check --deploy --fail-level WARNING

check-security:
	$(PY) -m bandit -q -ll -c pyproject.toml -r $(wildcard $(OURS))

check-openapi: ## the schema is valid and the committed one
	@mkdir -p var
	$(PY) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	diff -u config/openapi.yaml var/openapi.yaml

openapi: install ## writes the schema after a wanted change
	$(PY) manage.py spectacular --validate --fail-on-warn --file config/openapi.yaml

examples: install ## writes the examples of the API's description anew from the tests' samples
	WRITE_EXAMPLES=1 $(PY) -m pytest -n 0 -q tests/access/test_examples.py
	$(MAKE) openapi

messages: install ## collects the texts of pages and errors, and compiles their translations
	$(PY) manage.py makemessages --no-wrap -v0 -l fr -l ru --ignore=.venv --ignore=tests --ignore=bench
	$(PY) -m tests.compile_messages

lock: install ## pins every dependency with its hashes
	$(COMPILE) requirements/tools.in -o requirements/tools.txt
	$(COMPILE) requirements/base.in -o requirements/base.txt
	$(COMPILE) requirements/dev.in -c requirements/base.txt -o requirements/dev.txt
	$(COMPILE) requirements/bench.in -c requirements/base.txt -o requirements/bench.txt
