# Everything a developer or a new user runs. `make demo` and `make test` work on a fresh machine with Python 3.11+.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test lint types check-generated exercises docs pictures audit bench build setup clean

help:  ## Show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(STAMP)  ## Make the virtual environment and install everything into it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "reparam needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "venv is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@echo "installing torch and the tools into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup  ## Grade a right and a wrong submission of every exercise
	@$(BIN)/python docs/demo.py

test: setup lint types check-generated  ## Run lint, types and all tests
	@$(BIN)/python -m pytest -n auto --dist loadgroup

lint: setup  ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup  ## Check types
	@$(BIN)/mypy

exercises: setup  ## Write the stubs from the solutions
	@$(BIN)/python -m grader.author

check-generated: setup  ## Check that the stubs are fresh
	@$(BIN)/python -m grader.author --check

docs: setup  ## Write the help texts in docs/ anew
	@REPARAM_UPDATE_DOCS=1 $(BIN)/python -m pytest -q tests/test_cli.py tests/flashcards/test_help.py -k "documentation or guide_is_fresh"

pictures: setup  ## Make the pictures of the README anew
	@$(BIN)/python docs/pictures.py

audit: setup  ## List dependencies with their reasons and licences, and known vulnerabilities
	@$(BIN)/python docs/audit.py

bench: setup  ## Measure all, or PARTS="nbgrader batch", and write docs/performance.md
	@$(BIN)/python benchmarks/bench.py $(PARTS) --write docs/performance.md

build: setup  ## Build the wheel and the source distribution
	@$(BIN)/python -m build --installer pip

clean:  ## Remove what can be made again
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
