# Everything a developer or a user types. `make demo` and `make test` work on a fresh machine with Python and make.
# Stamps in .venv say what is done, so a second call does no work twice.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
RUN     := $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
SETUP   := tools/setup.sh
PYTEST  ?=
JOBS    ?= 2

# What an editable install copies into the environment, so that JupyterLab finds it there.
LAB_FILES := labextension/prebuilt.sha256 labextension/install.json notebooks/quickstart.ipynb $(wildcard sgbench/widgets/js/*)

.PHONY: help setup demo lab test check format test-gpu bench labextension clean

help:
	@echo "make demo      set up, run the bundled model through the radix cache, show the result"
	@echo "make lab       open JupyterLab on the quickstart notebook"
	@echo "make test      checks and the whole test suite"
	@echo "make setup     everything a developer needs, in .venv"
	@echo "make check     format, lint, types           make format   rewrite the format"
	@echo "make test-gpu  the suite's GPU part          make bench    benchmarks, as ratios"
	@echo "make labextension  build the JupyterLab extension anew (needs Node.js; what is committed is built)"

$(VENV)/.runtime: pyproject.toml $(SETUP) $(LAB_FILES)
	@bash $(SETUP) runtime "$(PYTHON)" "$(VENV)"

$(VENV)/.dev: $(VENV)/.runtime
	@bash $(SETUP) dev "$(PYTHON)" "$(VENV)"

setup: $(VENV)/.dev

demo: $(VENV)/.runtime
	@$(BIN)/python -m sgbench demo

lab: $(VENV)/.runtime
	$(BIN)/jupyter lab notebooks/quickstart.ipynb

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Side by side, a file at a time (JOBS=1: one after the other); the browser tests then have the machine to themselves, and a second
# try each, which the report tells: a browser, a server and a kernel on two busy cores miss a message now and then.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --ignore=tests/browser $(PYTEST)
	$(BIN)/python -m pytest tests/browser --reruns 1 $(PYTEST)

# On a GPU host without network, with nothing installed but torch, transformers, pytest and hypothesis, this runs from the checkout.
test-gpu:
	$(RUN) -m pytest -c tests/gpu/pytest.ini --rootdir=. tests/gpu $(PYTEST)

bench:
	$(RUN) -m benchmarks.run

labextension: $(VENV)/.dev
	$(BIN)/python -m tools.build_labextension

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
