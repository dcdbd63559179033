# What this needs: Python 3.11 or newer with pip, and make. Everything is installed into $(VENV).
# Given as in make run PORT=8401; the environment is not asked, where HOST and the like mean other things.
PYTHON = python3
VENV = .venv
HOST = 127.0.0.1
PORT = 8400
DATA = ./rapport-data
# The largest ledger that bench-full measures.
EVENTS = 10000000
# Processes that run tests, one more than there are cores because many tests wait; JOBS=0 runs them one after
# the other in one. They steal work by number: the ways that share out files by name lose those of
# schemathesis, which share theirs.
JOBS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Where the servers of the tests keep their ledgers: sqlite, or postgres for a run of its own.
STORE = sqlite
# What make soak gets, such as SOAK='--rounds 5 --minutes 3'.
SOAK =
# The generator of clients in TypeScript that the tests run, and the compiler that checks its client. What
# these need in turn is the newest that fits, because no lock file is kept. They need Node 20.19 or newer.
OPENAPI_TS = 0.92.2
TYPESCRIPT = 5.9.3

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help run demo client client-sync client-fields test test-long quick test-one check wheel sbom bench bench-quick bench-full soak docs screenshots
.DEFAULT_GOAL := help

# What is installed is the code in this folder, in place, so that after a git pull it is the new code.
# These two say whether that is still so. A `pip install .` puts a copy in its place, and a folder that
# was moved or copied has an environment that runs the old place: both are installed anew.
CODE := $(shell $(BIN)/python -I -c 'import api; print(api.__file__)' 2>/dev/null)
PROGRAM := $(shell grep -l -F '$(abspath $(BIN))/python' $(BIN)/rapport 2>/dev/null)
ifneq ($(CODE) $(PROGRAM),$(CURDIR)/api/__init__.py $(BIN)/rapport)
.PHONY: $(VENV)/run
endif
# An environment whose Python is gone, or which was moved, is made anew and not mended.
CLEAR = $(if $(and $(CODE),$(PROGRAM)),,$(if $(wildcard $(VENV)/pyvenv.cfg),--clear))

# Where npm is not installed, the tests of what it installs are skipped.
PYTHON_GENERATOR = $(VENV)/generators/python/done
NODE_GENERATOR = $(VENV)/generators/node/openapi-ts-$(OPENAPI_TS)-typescript-$(TYPESCRIPT)
GENERATORS = $(PYTHON_GENERATOR) $(if $(shell command -v npm),$(NODE_GENERATOR))

# The bill of materials of a distribution: what its wheel, installed alone, brings with it.
define bill
@$(PYTHON) -m venv --without-pip --clear $(VENV)/shipped
@$(BIN)/python -m pip --python $(VENV)/shipped/bin/python --disable-pip-version-check install --quiet --constraint constraints.txt $(3)
$(VENV)/release/bin/cyclonedx-py environment --pyproject $(2) --output-reproducible --output-file dist/$(1).cdx.json $(VENV)/shipped/bin/python
endef

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: $(VENV)/run ## start the ledger on http://127.0.0.1:8400, with its data in ./rapport-data
	$(BIN)/rapport serve --host $(HOST) --port $(PORT) --data $(DATA)

demo: DATA = ./rapport-demo
demo: $(VENV)/run ## the same with a synthetic town in ./rapport-demo: a cafe, a butcher, an estate agent
	$(BIN)/rapport demo --host $(HOST) --port $(PORT) --data $(DATA)

client: $(VENV)/client ## install what the Python client needs, for .venv/bin/python

test: $(VENV)/unasyncd/done $(GENERATORS) $(VENV)/dev ## run the tests, but for those that take long
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal --store $(STORE) -m "not long"

# Where Python is told to leave no bytecode, every process of the tests would compile all of the code anew.
test test-long: export PYTHONDONTWRITEBYTECODE =

# Only what holds one of them is collected.
test-long: LONG = $(shell grep -rlw --include='test_*.py' 'mark[.]long' tests)
test-long: $(VENV)/dev ## run the tests that take long, each of which says why
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal --store $(STORE) -m long $(LONG)

quick: $(VENV)/dev ## run the examples of the domain and the rules of the house, without the properties
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal -q -m "not hypothesis" tests/domain tests/house domain

test-one: $(VENV)/dev ## run one test file, folder or test: make test-one T=tests/api/test_bulk.py
	@test -n "$(T)" || { echo "name what to run: make test-one T=tests/api/test_bulk.py" >&2; exit 2; }
	$(BIN)/python -m pytest --numprocesses 0 $(T)

check: $(VENV)/dev ## formatting, lint, types, the direction of imports, and the links of every page
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest --numprocesses 0 -q tests/docs/test_links.py tests/docs/test_changelog.py

# Without the lists of files of earlier builds, which setuptools would take over: a file that is not packaged
# any more would still be in the wheel. What the build of the client leaves would pass for an installed package.
wheel: $(VENV)/release/done $(VENV)/dev ## build the wheels into dist/, and test them in environments of their own
	@rm -rf dist *.egg-info/SOURCES.txt client/*.egg-info/SOURCES.txt
	$(VENV)/release/bin/python -m build --no-isolation --outdir dist .
	$(VENV)/release/bin/python -m build --no-isolation --outdir dist client
	@rm -rf client/*.egg-info client/build
	$(BIN)/python -m pytest --numprocesses 0 tests/installing/test_wheels.py --wheels dist

sbom: wheel ## the same, and write what runs with each wheel to dist/*.cdx.json, in CycloneDX
	$(call bill,rapport-ledger,pyproject.toml,dist/rapport_ledger-*.whl)
	$(call bill,rapport-client,client/pyproject.toml,dist/rapport_client-*.whl)
	$(BIN)/python -m pytest --numprocesses 0 tests/installing/test_sbom.py --wheels dist

bench: $(VENV)/dev $(VENV)/peers/done ## measure, and write the table to benchmarks/results
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/dev ## the same with little data, in about a minute or two; printed only
	$(BIN)/python -m benchmarks --quick

bench-full: $(VENV)/dev ## measure ledgers of 10 thousand to EVENTS events, 10 million unless you say so
	$(BIN)/python -m benchmarks.scale --upto $(EVENTS)

soak: $(VENV)/dev ## kill servers and databases on PostgreSQL for half an hour, and write docs/reference/soak.md
	$(BIN)/python -m tests.soak $(SOAK)

client-sync: $(VENV)/unasyncd/done $(VENV)/dev ## write the client without an event loop from the one with it
	$(BIN)/python -m tests.client.sync_generation

client-fields: $(VENV)/dev ## write fields of answers that the client does not have yet into its classes
	$(BIN)/python -m tests.client.field_generation

docs: $(VENV)/dev ## write the reference pages anew from the code
	$(BIN)/python -m docs.generate

screenshots: $(VENV)/dev ## take the pictures of the console in docs/, or all with EVERY=FOLDER; needs chromium
	$(BIN)/python -m docs.screenshots $(if $(EVERY),--every $(EVERY))

$(VENV)/run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Rapport needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; try: make run PYTHON=python3.12")'
	@echo "Installing into $(VENV), which takes a minute the first time"
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(CLEAR) $(VENV); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  $(PYTHON) -m venv --without-pip $(CLEAR) $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; \
	else echo "$(PYTHON) has neither ensurepip nor pip; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; fi
	@$(PIP) --editable .
	@touch $@

$(VENV)/client: $(VENV)/run
	@$(PIP) --editable '.[client]'
	@touch $@

$(VENV)/dev: $(VENV)/run
	@$(PIP) --editable '.[dev]'
	@touch $@

# An environment of its own, so that what builds and describes a release is not what is described.
$(VENV)/release/done: constraints-release.txt | $(VENV)/run
	@$(PYTHON) -m venv --without-pip --clear $(VENV)/release
	@$(BIN)/python -m pip --python $(VENV)/release/bin/python --disable-pip-version-check install --quiet --requirement constraints-release.txt
	@touch $@

# An environment of its own, because unasyncd needs an older rich than the server.
$(VENV)/unasyncd/done: constraints-unasyncd.txt | $(VENV)/run
	@$(PYTHON) -m venv --without-pip --clear $(VENV)/unasyncd
	@$(BIN)/python -m pip --python $(VENV)/unasyncd/bin/python --disable-pip-version-check install --quiet --requirement constraints-unasyncd.txt
	@touch $@

# An environment of its own, because nothing of ours runs with what it brings. Where it cannot be installed,
# the row that needs it is skipped.
$(VENV)/peers/done: pyproject.toml constraints.txt | $(VENV)/run
	@$(PYTHON) -m venv --without-pip --clear $(@D)
	@$(BIN)/python -m pip --python $(@D)/bin/python --disable-pip-version-check install --quiet --constraint constraints.txt \
	  --editable '.[bench]' && touch $@ || echo "umadb cannot be installed: row 15 will be skipped" >&2

# Environments of their own, because neither the server nor its development needs what they bring.
$(PYTHON_GENERATOR): constraints-generators.txt | $(VENV)/run
	@$(PYTHON) -m venv --without-pip --clear $(@D)
	@$(BIN)/python -m pip --python $(@D)/bin/python --disable-pip-version-check install --quiet --requirement constraints-generators.txt
	@touch $@

$(NODE_GENERATOR):
	@rm -rf $(@D) && mkdir -p $(@D)
	@npm install --prefix $(@D) --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
	  @hey-api/openapi-ts@$(OPENAPI_TS) typescript@$(TYPESCRIPT) >/dev/null
	@touch $@
