# One command each; all prepare a fresh machine by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format revalidate benchmarks clean
$(VENV)/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[test]"
	touch $@

$(VENV)/core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

demo: $(VENV)/core
	$(BIN)/unburden design examples/adjuvant-breast --out runs/adjuvant-breast

test: $(VENV)/ready
	$(BIN)/pytest -q -n 2 --dist loadfile

check: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 --dist loadfile

revalidate: $(VENV)/ready
	$(BIN)/pytest -q revalidation

benchmarks: $(VENV)/ready
	$(BIN)/python benchmarks/measure_spine.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_engine.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_repeated.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_records.py
	$(BIN)/python benchmarks/measure_screening.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_emulation.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_scans.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_information.py
	$(BIN)/python benchmarks/measure_criteria.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_criteria_reading.py
	PYTHONPATH=. $(BIN)/python benchmarks/measure_schedule_search.py
	$(BIN)/python benchmarks/measure_burden.py

format: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist
