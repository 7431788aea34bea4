# make results   rebuild every table and figure (config.yaml says which, from what, how large)
# make test      lint, types, unit and workflow tests, the demo, the report
# make help      everything else
#
# Variables: CORES=4  CONFIG=my.yaml  TARGET=gresnets  PYTHON=python3.12

PYTHON ?= python3
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
TARGET ?= all
CONFIG ?=

VENV := .venv
BIN := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake $(TARGET) --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

.DEFAULT_GOAL := help
.PHONY: help results test test-full lint format report lock clean-environment

help:  ## this list
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile | head -n 5
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 20

results: $(VENV)/.installed  ## rebuild what config.yaml selects; opens from results/<scale>/index.html
	@$(SNAKEMAKE)

test: $(VENV)/.installed-tests lint  ## everything that must hold, in minutes
	@$(BIN)/python -m pytest -m "not slow"

test-full: $(VENV)/.installed-tests lint  ## with the slow tests too
	@$(BIN)/python -m pytest

lint: $(VENV)/.installed-tests  ## ruff, snakefmt, snakemake --lint, mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(BIN)/snakemake --lint
	@$(BIN)/mypy

format: $(VENV)/.installed-tests  ## format Python and Snakemake code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/snakefmt Snakefile workflow

report: $(VENV)/.installed  ## Snakemake's own report of what was built, report.zip
	@$(SNAKEMAKE) --report report.zip

$(VENV)/.installed: envs/retable.lock
	@$(PYTHON) envs/check_python.py
	@echo "Installing Retable's locked packages into $(VENV): 5.6 GB on disk, 2 to 10 minutes, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.installed-tests: envs/test.lock $(VENV)/.installed
	@echo "Installing the test tools into $(VENV): 0.2 GB, half a minute, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

UV := $(VENV)/lock/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header --upgrade

lock:  ## renew the locks in envs/ to the newest versions that envs/*.in allow
	@$(PYTHON) envs/check_python.py
	@test -x $(UV) || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@echo "Library versions are recorded in each run, not digested: results that exist stay."
	@echo "Remove results/ to rebuild them with the new versions."
	@cd envs && ../$(COMPILE) retable.in -o retable.lock
	@cd envs && ../$(COMPILE) test.in -o test.lock
	@$(PYTHON) envs/conda_environment.py envs/retable.lock > envs/retable.yaml
	@git --no-pager diff --stat -- envs || true

clean-environment:  ## remove .venv
	@rm -rf $(VENV)
