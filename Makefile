# make demo: the default run, then a translation, an answer and a story. make test: run the tests. Both set up .venv.
PYTHON ?= python3
MINUTES ?= 5
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench clean

demo: $(STAMP)
	$(BIN)/upwell train --minutes $(MINUTES) --out runs/demo --overwrite
	$(BIN)/upwell translate runs/demo "Anna has a red ball."
	$(BIN)/upwell answer runs/demo "Tom and Anna went to the park. Tom ran to the house. Where was Anna?"
	$(BIN)/upwell generate runs/demo "One day, Anna met Tom in the garden." --max-tokens 400 --seed 1

test: $(STAMP)
	$(BIN)/python -m pytest -m "not readme"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks.$(NAME)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(STAMP)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
