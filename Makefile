# Two commands on a fresh machine: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000

.PHONY: run test test-long check pictures ready assets i18n lock clean

run: free-port .venv/.runtime assets i18n    ## install, build, seed a demonstration estate, serve
	@$(BIN)/wuye demo --if-empty --port $(PORT)
	@WUYE_DEMO=1 $(BIN)/wuye serve --port $(PORT)

.PHONY: free-port
free-port:                      # told before the minutes of installing; `wuye demo` looks once more
	@if (exec 3<>/dev/tcp/127.0.0.1/$(PORT)) 2>/dev/null; then \
	  echo '端口 $(PORT) 已被占用，请换一个，如 make run PORT=8765' >&2; \
	  echo 'Port $(PORT) is taken; choose another, such as make run PORT=8765' >&2; exit 1; fi

test: ready                     ## every test but the long ones
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test-long: ready                ## kill tests, races, fuzzing, every way and page, copies on PostgreSQL: up to an hour
	$(BIN)/pytest -m long -n auto --dist loadfile --no-loadscope-reorder --durations 15

check: .venv/.dev               ## before each commit: style, types, import contracts, fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder tests --ignore tests/browser

pictures: ready                 ## take the pictures of the read-mes again, from the demonstration
	@$(BIN)/python -m tests.browser.pictures

ready: .venv/.dev system assets i18n

.PHONY: system
system:                         ## what only the system's package manager has
	@.ci/system-packages

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Wuye Flow needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock setup.cfg | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

assets: web/static/dist/.built   ## browser libraries through npm and esbuild

PUBLIC := $(wildcard web/templates/*.html web/templates/account/* web/templates/resident/* web/templates/parts/*)
ASSETS := $(wildcard web/assets/* web/assets/js/* web/static/css/*) $(PUBLIC)

web/static/dist/.built: package-lock.json package.json $(ASSETS) | .venv/.runtime
	@.ci/assets
	@touch $@

i18n: .venv/.runtime             ## compile the English texts
	@$(BIN)/pybabel --quiet compile --directory web/translations

lock: | .venv/bin/python         ## renew the Python lock files
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --allow-unsafe -o requirements.lock setup.cfg
	$(BIN)/pip-compile --quiet --extra dev --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --allow-unsafe -o requirements-dev.lock setup.cfg

clean:
	rm -rf .venv node_modules web/static/dist build *.egg-info
