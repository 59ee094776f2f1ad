# make demo: train a small model of a generated text and let it write. make test: run the tests. Both set up .venv.
PYTHON ?= python3
MINUTES ?= 1
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench clean

demo: $(STAMP)
	$(BIN)/python examples/make_text.py --bytes 1000000 > build-demo.txt
	$(BIN)/upwell train build-demo.txt --minutes $(MINUTES) --out runs/demo --overwrite
	$(BIN)/upwell generate runs/demo "One morning" --max-tokens 400 --seed 1

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
	rm -rf build dist *.egg-info build-demo.txt .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
