# Each target makes .venv where there is none; `make test-slow` is the only one that takes long.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.yolact-kit-installed
OUT ?= quickstart
TIME ?= 4m

.PHONY: help quickstart test test-slow lint format clean

help:
	@echo "make quickstart   the whole way on the bundled data, about 6 minutes on 2 cores (OUT=$(OUT) TIME=$(TIME))"
	@echo "make test         the tests, a few minutes"
	@echo "make test-slow    the long tests: trains for real, within 50 minutes"
	@echo "make lint         ruff and mypy"
	@echo "make format       rewrites the code in the project's format"
	@echo "make clean        removes .venv, packages that were built, and caches; no run, no data set"

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --editable '.[dev,annotate]'
# trackers without opencv-python, which it asks for: it would overwrite opencv-python-headless.
	$(BIN)/python -m pip install --no-deps 'trackers>=2.6'
	touch $@

quickstart: $(STAMP)
	$(BIN)/yolact-kit quickstart --out $(OUT) --time $(TIME) --overwrite

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis yolact_kit.egg-info
	rm -f dist/yolact_kit-*.whl dist/yolact_kit-*.tar.gz
	-rmdir dist 2>/dev/null
	find yolact_kit tests benchmarks docs examples -name __pycache__ -type d -prune -exec rm -rf {} +
