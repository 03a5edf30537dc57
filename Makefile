PYTHON ?= python3
PORT ?= 8000
VENV = .venv
RUN = $(VENV)/bin/python
PIP = $(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes
# A server without internet: the folder that `make wheels` filled elsewhere.
ifdef WHEELS
PIP += --no-index --find-links $(WHEELS)
endif
RUNTIME = $(VENV)/.runtime
DEV = $(VENV)/.dev

.PHONY: demo install install-postgres wheels test lint bench mutate screenshots pins clean

demo: $(RUNTIME)
	PARLEY_DEMO=1 PORT=$(PORT) $(RUN) manage.py demo

install: $(RUNTIME)

install-postgres: $(RUNTIME)
	$(PIP) -r requirements-postgres.txt

# Every pinned package as a file, for a machine of the same kind and the same Python.
wheels: $(VENV)/bin/pip
	$(VENV)/bin/pip download --quiet --disable-pip-version-check --only-binary :all: \
		--require-hashes -r requirements-postgres.txt -d var/wheels

test: $(DEV)
	.ci/test

lint: $(DEV)
	.ci/lint

bench: $(DEV)
	$(RUN) -m tests.bench

# Takes every filter of who may see what away, one by one: the tests of leaks must notice.
mutate: $(DEV)
	$(RUN) -m tests.leaks.mutate

screenshots: $(DEV)
	$(RUN) -m tests.screenshots

# For maintainers, after a change of the dependencies in pyproject.toml; needs uv.
pins:
	.ci/pins

# Keeps the databases: var/ also holds the data of a site that runs from here.
clean:
	rm -rf $(VENV) var/static var/test-* .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The stamps record what is installed: a second start installs nothing.
$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(VENV)/bin/pip
	$(PIP) -r requirements.txt
	touch $@

$(DEV): requirements-dev.txt | $(VENV)/bin/pip
	$(PIP) -r requirements-dev.txt
	touch $@ $(RUNTIME)
