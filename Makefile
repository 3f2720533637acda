# Everything runs from a virtual environment that these targets make; a fresh machine needs python3 and pip only.
PYTHON ?= python3
VENV ?= .venv
# Windows keeps the executables of a virtual environment elsewhere.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
DEMO := generated/demo

.DEFAULT_GOAL := help
.PHONY: help demo app test test-process test-full test-oldest test-lab test-browser test-torch test-app test-history test-dist dist lint types benchmark benchmark-history benchmark-steps benchmark-large fuzz docs captures graph-report example-plans clean

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV) || ($(PYTHON) -m pip install --user virtualenv && $(PYTHON) -m virtualenv $(VENV))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]' $(CONSTRAINTS)
	@touch $@

$(VENV)/lint-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lint]'
	@touch $@

# A plan is made where TTNN is at hand, else the committed one is shown.
PLANS := $(PYTHON) -c "from importlib.util import find_spec as has; exit(not (has('ttnn') and has('torch')))"
PLANNED := examples/captures/planned_encoder_block_before.json

demo: $(VENV)/ready  ## Run the main job on the example: target, ranking, workbook; and its plan
	$(BIN)/perfsheet run --force -o $(DEMO) --replay examples/captures/generated_encoder_block_before.csv \
	  -c "pytest -q examples/encoder_block/test_encoder_block.py::test_encoder_block[before]"
	@if $(PLANS); then \
	  $(BIN)/perfsheet plan examples/encoder_block/plan.py:before --python $(PYTHON) --save $(DEMO)/plan.json --force; \
	else $(BIN)/perfsheet hotspots $(PLANNED) -n 2; fi

# The tests of one file run in one process, which sets up what they share once; the files side by side, on all cores.
PYTEST := $(BIN)/python -m pytest -q
PARALLEL := -n logical --dist loadfile

test: $(VENV)/ready  ## Pass the tests that start no process
	$(PYTEST) $(PARALLEL) -m "not slow and not process and not audit" $(PYTEST_OPTIONS)

test-process: $(VENV)/ready  ## Pass the tests that start processes or send signals, and the audits of real workbooks
	$(PYTEST) $(PARALLEL) -m "(process or audit) and not slow" $(PYTEST_OPTIONS)

test-full: $(VENV)/ready  ## Pass all tests, with more examples of each property
	$(PYTEST) $(PARALLEL) --hypothesis-profile full $(PYTEST_OPTIONS)

test-oldest:  ## Pass the tests on Python 3.10 with numpy<2 and pandas 2.x, as beside ttnn
	PERFSHEET_LARGEST_CAPTURE=200000 $(MAKE) test VENV=.venv-oldest PYTHON="$$(.ci/find-python 3.10)" CONSTRAINTS="'numpy<2' 'pandas<3'" \
	  PYTEST_OPTIONS="--ignore=tests/cli --ignore=tests/docs --ignore=tests/reliability $(PYTEST_OPTIONS)"

# Any version that has a wheel for Python 3.12: make test-lab LAB_TTNN=0.70.1
LAB_TTNN ?= 0.81.1
LAB := .venv-lab-$(LAB_TTNN)

$(LAB)/ready:
	"$$(.ci/find-python 3.12)" -m venv $(LAB)
	$(LAB)/bin/python -m pip install --quiet --disable-pip-version-check ttnn==$(LAB_TTNN) 'pandas<3' websockets pytest
	@touch $@

test-lab: $(VENV)/ready $(LAB)/ready  ## Drive the real `python -m tracy` and TTNN (ttnn wheel, Python 3.12, Linux x86-64)
	PERFSHEET_LAB_PYTHON="$(CURDIR)/$(LAB)/bin/python" $(PYTEST) -n 4 -m lab $(PYTEST_OPTIONS)

$(VENV)/browser-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

test-browser: $(VENV)/browser-ready  ## Try the HTML page in a real Chromium
	PERFSHEET_BROWSER="$$(.ci/find-browser)" $(PYTEST) -m browser $(PYTEST_OPTIONS)

TORCH ?= torch==2.13.0

$(VENV)/torch-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH) transformers matplotlib
	@touch $@

test-torch: $(VENV)/torch-ready  ## Trace and time real torch modules on the CPU
	$(PYTEST) -m torch tests/models tests/app $(PYTEST_OPTIONS)

$(VENV)/app-ready: $(VENV)/torch-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[app]'
	@touch $@

app: $(VENV)/app-ready  ## Open the page in the browser on the examples, with torch for its models
	$(BIN)/perfsheet app examples $(APP_OPTIONS)

test-app: $(VENV)/app-ready $(VENV)/browser-ready  ## Try that page: Streamlit's own test driver, and a real Chromium
	PERFSHEET_BROWSER="$$(.ci/find-browser)" $(PYTEST) $(PARALLEL) -m app tests/app $(PYTEST_OPTIONS)

$(VENV)/history-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[spark]' 'moto[server]' boto3
	@touch $@

test-history: $(VENV)/history-ready  ## Try a history on Apache Spark (Java 17 or newer) and in a stand-in for S3
	$(PYTEST) -n 2 --dist loadfile -m history tests/history $(PYTEST_OPTIONS)

dist: $(VENV)/ready  ## Build the wheel and the source archive into dist/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build hatchling
	rm -rf dist
	$(BIN)/python -m build --no-isolation

test-dist: dist  ## Install the wheel in a clean environment, and rank a capture with it
	sh tests/wheel/try_wheel.sh "$(PYTHON)" dist/perfsheet-*.whl

lint: $(VENV)/lint-ready  ## Check style, and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --config pyproject.toml

types: $(VENV)/lint-ready  ## Check types, strictly
	$(BIN)/mypy

# Any ops CSV; longer ones are made of it.
CAPTURE ?= ../shared/data/wormhole-n150-clip-encoder.csv

benchmark: $(VENV)/ready  ## Time perfsheet beside tt-perf-report: CAPTURE=ops.csv
	$(BIN)/python benchmarks/run.py "$(CAPTURE)" --growth

benchmark-history: $(VENV)/ready  ## Time the history at the size of a fleet (minutes, 4 GB of disk)
	$(BIN)/python benchmarks/history.py "$(CAPTURE)"

benchmark-steps:  ## Find change points of generated series beside Apache Otava
	$(PYTHON) -m venv .venv-otava
	.venv-otava/bin/python -m pip install --quiet --disable-pip-version-check . apache-otava==0.8.0
	.venv-otava/bin/python -W ignore benchmarks/steps.py

benchmark-large: $(VENV)/ready  ## Rank and report two million rows (minutes, 3 GB of disk)
	$(BIN)/python benchmarks/beyond_memory.py "$(CAPTURE)"

TARGET ?= reader
SECONDS ?= 600

fuzz: $(VENV)/ready  ## Fuzz by hand: TARGET=reader, outputs, names or own_files, SECONDS=600
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python fuzz/$(TARGET).py -max_total_time=$(SECONDS)

docs: $(VENV)/ready  ## Write the generated blocks of the docs, and the keys of the JSON contract
	$(BIN)/python scripts/make_docs.py

captures: $(VENV)/ready  ## Make the example captures anew
	$(BIN)/python examples/make_captures.py

GRAPH_REPORT := examples/captures/mock_board_encoder_block_before.json
MOCK_BOARD := $(LAB)/bin/python tests/standins/mock_board.py n150 generated/mock-board

example-plans: $(VENV)/ready $(LAB)/ready  ## Plan the encoder again with the real TTNN, on a mock board
	PYTHONPATH=tests/standins/torch_standin $(BIN)/python examples/make_plans.py "$(CURDIR)/$(LAB)/bin/python"

graph-report: $(LAB)/ready  ## Capture the example's graph report anew (ttnn wheel on a mock board, Linux x86-64)
	$(MOCK_BOARD) $(LAB)/bin/python examples/capture_graph.py before $(GRAPH_REPORT) --trim

clean:  ## Remove what these targets made
	rm -rf $(VENV) .venv-oldest .venv-lab-* dist generated .mypy_cache .pytest_cache .ruff_cache
