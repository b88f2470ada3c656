# On a fresh Debian machine with python3, a JDK and git, as root or with sudo,
# each of these is all the set-up there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV ?= .venv
PYTHON ?= python3
BIN := $(abspath $(VENV))/bin
IN_VENV := PATH=$(BIN):$$PATH
# Output and logs of a test are shown if it fails; none may hang for ever.
# eventlet comes with Nova's client; unasked, it would load a resolver, slowly.
TEST_ENV := OS_STDOUT_CAPTURE=1 OS_STDERR_CAPTURE=1 OS_LOG_CAPTURE=1 \
    EVENTLET_NO_GREENDNS=yes \
    OS_TEST_TIMEOUT=$${OS_TEST_TIMEOUT:-600}
# Daemons are started by the hundred: none is to be compiled each time anew.
unexport PYTHONDONTWRITEBYTECODE
INPUTS := setup.cfg setup.py pyproject.toml requirements.txt constraints.txt

.PHONY: help venv demo test services lint docs samples nova bench bench-nova \
    clean

help:  ## Say what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile \
	    | expand -t 18

venv: $(VENV)/.installed  ## Make .venv with Tachyon in it

demo: $(VENV)/.installed  ## Load a sample cloud, boot instances, say why where
	@$(IN_VENV) python tools/demo.py

test: $(VENV)/.installed-tests  ## Install what all tests need, and run them
	@bash tools/test-setup.sh
	@$(IN_VENV) python tools/durations.py load
	@$(IN_VENV) $(TEST_ENV) stestr run $(TESTS)

services: $(VENV)/.installed-tests  ## Keep Neo4j and RabbitMQ up for tests
	@bash tools/test-setup.sh
	@$(IN_VENV) python -m tests.integration.parts.services

lint: $(VENV)/.installed-tests  ## Check style, types and samples
	@$(IN_VENV) bash tools/lint.sh

docs: $(VENV)/.installed-tests  ## Build the documentation
	@$(IN_VENV) bash tools/docs.sh

samples: $(VENV)/.installed-tests  ## Generate the samples in etc/tachyon
	@$(IN_VENV) bash tools/samples.sh config
	@$(IN_VENV) bash tools/samples.sh policy

nova: $(VENV)/.installed-tests  ## Run Nova's functional tests on Tachyon
	@$(IN_VENV) python -m tests.nova_suite $(NOVA)

bench: $(VENV)/.installed-bench  ## Measure Tachyon and Placement side by side
	@bash tools/test-setup.sh
	@$(IN_VENV) python -m tests.benchmark $(BENCH)

bench-nova: $(VENV)/.installed-bench  ## Measure Nova's calls on both schedulers
	@bash tools/test-setup.sh
	@$(IN_VENV) python -m tests.benchmark.nova $(BENCH)

clean:  ## Remove everything that was made
	rm -rf $(VENV) .tox .stestr .mypy_cache .ruff_cache .hypothesis build \
	    cover dist doc/build releasenotes/build *.egg-info .coverage*

$(VENV)/.installed: $(INPUTS)
	@PYTHON=$(PYTHON) bash tools/venv.sh $(VENV)
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-tests \
    tests/benchmark/requirements.txt
	@PYTHON=$(PYTHON) bash tools/venv.sh $(VENV) bench
	@touch $@

$(VENV)/.installed-tests: $(INPUTS) test-requirements.txt
	@PYTHON=$(PYTHON) bash tools/venv.sh $(VENV) tests
	@touch $(VENV)/.installed $@
