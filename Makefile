# `make` sets everything up and separates the demo song; `make test` sets up and runs all tests.
# `make help` lists the rest.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

# The interpreter behind python3, also when an active .venv hides it: the environment is made from it, and its pip
# knows how this machine finds packages.
PYTHON := $(shell python3 -c 'import sys; print(sys._base_executable)' 2>/dev/null)
UV := $(shell command -v uv || echo .venv/bin/uv)

# Wheels that pip is configured to find (an offline mirror, a CPU build of torch) are taken here too: uv does not read
# pip's configuration, and separates locations by commas where pip separates them by blanks.
empty :=
blank := $(empty) $(empty)
comma := ,
PIP_LINKS = $(or $(PIP_FIND_LINKS),$(shell "$(PYTHON)" -m pip config get global.find-links 2>/dev/null))
FIND_LINKS = $(or $(UV_FIND_LINKS),$(subst $(blank),$(comma),$(strip $(PIP_LINKS))))

# Snakemake's shell rules and scripts find the environment's programs, not the system's.
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)

.DEFAULT_GOAL := demo
.PHONY: demo test environment lint format constraints envs schema clean help

# config.yaml, as it comes, is the demo's.
demo: environment ## separate the demo song, or what config.yaml says (the default)
	stemsteer run

test: environment ## run all tests
	pytest

environment: .venv/installed ## make .venv with the pinned packages

# The stamp is newer than the files that say what to install, so nothing is reinstalled while they stay as they are.
# Compiled at once: every job is a process of its own, and where Python may not write beside its packages (a read-only
# installation, PYTHONDONTWRITEBYTECODE) each would compile torch anew.
.venv/installed: pyproject.toml constraints.txt | .venv/bin/python $(UV)
	UV_FIND_LINKS="$(FIND_LINKS)" "$(UV)" pip install --compile-bytecode --constraints constraints.txt --editable '.[clap,musicnn,minislakh,onnx]' --group dev
	@touch $@

.venv/bin/python:
	@if "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    if [ -x "$(UV)" ]; then "$(UV)" venv --clear --python "$(PYTHON)" .venv; \
	    else "$(PYTHON)" -m venv --clear .venv; fi; \
	elif [ -x "$(UV)" ]; then "$(UV)" venv --clear --python '>=3.11' .venv; \
	else \
	    echo "StemSteer needs Python 3.11 or newer as python3, or uv, which finds one: install either and run make again." >&2; \
	    exit 1; \
	fi

# Only where the machine has no uv of its own.
.venv/bin/uv: | .venv/bin/python
	.venv/bin/python -m pip install --quiet uv

lint: environment ## check style, types and the workflow
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile rules
	snakemake --lint

format: environment ## format Python and Snakemake files
	ruff check --fix
	ruff format
	snakefmt Snakefile rules

# Pins that still satisfy pyproject.toml stay; delete constraints.txt first to take the newest of everything.
# Without find-links, so that the file is the same whatever wheels a machine holds.
constraints: | $(UV) ## resolve pyproject.toml into constraints.txt
	env -u UV_FIND_LINKS "$(UV)" pip compile --quiet --universal --all-extras --group dev pyproject.toml \
	    --custom-compile-command 'make constraints' --output-file constraints.txt

envs: environment ## write envs/ from constraints.txt
	python envs/make_envs.py

schema: environment ## write config.schema.json from the classes of settings
	stemsteer schema > config.schema.json

clean: ## remove the environment and caches, never results
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './results/*' -prune -exec rm -rf {} +

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
