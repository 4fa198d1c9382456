# The course's two commands are `make course` and `make test`; `make help` lists the rest.
# Without make (Windows): python nexttoken/bootstrap.py, then .venv\Scripts\python -m nexttoken lab

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
VENV := .venv/Scripts
else
VENV := .venv/bin
endif
RUN := $(VENV)/python -m

.DEFAULT_GOAL := help
.PHONY: help setup course test test-all lint build grade clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
	  || grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST)

setup: ## Make .venv with everything in it; done already: at once
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no '$(PYTHON)' on this machine: install Python 3.11 or newer, or name yours with make PYTHON=..."; exit 1; }
	@"$(PYTHON)" nexttoken/bootstrap.py

course: setup ## Set up, then open the course in JupyterLab
	@$(RUN) nexttoken lab

test: setup ## Set up, then run the fast tests
	@$(RUN) nexttoken test

test-all: setup ## Set up, then run every test, the slow ones and the browser's too
	@$(RUN) nexttoken test --all

lint: setup ## Check style, types and who may import whom
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(VENV)/lint-imports

build: setup ## Make every generated notebook again from its text master
	@$(RUN) nexttoken build

grade: setup ## Grade the sample class
	@$(RUN) nexttoken grade --sample

clean: ## Remove caches and built files; .venv, your work and grades stay
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -type d -name __pycache__ -exec rm -rf {} +
