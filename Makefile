# `make run` on a fresh machine: a virtual environment, the pinned packages, the dashboard.

PYTHON ?= python3
VARIANT ?= cpu
PORT ?= 8501
ADDRESS ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin

REQUIREMENTS := requirements$(if $(filter gpu,$(VARIANT)),-gpu).txt
RUN_READY := $(VENV)/.ready-$(VARIANT)
DEV_READY := $(VENV)/.ready-dev

# A browser is opened where there is a screen to show it on; elsewhere the address is printed and that is all.
SCREEN := $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname)))
HEADLESS ?= $(if $(SCREEN),false,true)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check audit e2e bench docs screenshots look clean

help: ## Show these targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo "  Variables: VARIANT=gpu (NVIDIA), PORT=8501, ADDRESS=127.0.0.1, PYTHON=python3"

run: $(RUN_READY) ## Set up once, then start the dashboard and open it in a browser
	$(BIN)/streamlit run app.py --server.address=$(ADDRESS) --server.port=$(PORT) \
	  --server.headless=$(HEADLESS) --server.showEmailPrompt=false

test: $(DEV_READY) ## Unit, contract, page and fault tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=5 --ignore=tests/faults
	$(BIN)/python -m pytest --durations=25 --durations-min=5 tests/faults

e2e: $(DEV_READY) ## Browser tests: needs Chromium
	$(BIN)/python -m pytest -m e2e tests/e2e

check: $(DEV_READY) ## Style, types, import directions, translations, generated pages, Dockerfile, security
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p engine -p ui
	$(BIN)/lint-imports
	$(BIN)/python scripts/messages.py check $(if $(STRICT),--strict)
	$(BIN)/python scripts/reference.py --check
	$(BIN)/hadolint Dockerfile
	$(BIN)/bandit -q -c pyproject.toml -r engine ui pages scripts bench app.py
	$(BIN)/python scripts/audit.py

audit: $(DEV_READY) ## Look for known vulnerabilities of the pinned packages
	$(BIN)/python scripts/audit.py

bench: $(DEV_READY) ## Speed, side by side, as JSON; NAMES="..." picks some
	$(BIN)/python -m engine bench $(NAMES)

docs: $(RUN_READY) ## Write the reference pages anew from the declarations
	$(BIN)/python scripts/reference.py

screenshots: $(DEV_READY) ## Take the pictures of the README and the guide anew: needs Chromium
	$(BIN)/python scripts/screenshots.py

look: $(DEV_READY) ## Contact sheets of all pages in both themes, three widths, both languages; NAMES="..." picks some
	$(BIN)/python scripts/look.py $(NAMES)

clean: ## Remove the virtual environment and all caches; runs and datasets stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	  "Trainyard needs Python 3.11 or newer, and this one is " + sys.version.split()[0] + \
	  ". Name another: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(RUN_READY): $(REQUIREMENTS) requirements.txt | $(BIN)/python
	@echo "Installing the packages of $(REQUIREMENTS): about 600 MB for the CPU, once. This takes a few minutes."
	@$(BIN)/python -m pip install -q -r $(REQUIREMENTS)
	@touch $@

$(DEV_READY): requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing the packages of requirements-dev.txt, once."
	@$(BIN)/python -m pip install -q -r requirements-dev.txt
	@touch $@
