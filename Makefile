# Each target does all its own set-up in .venv; a second call reuses it.
PYTHON ?= $(shell for p in python3.11 python3.10 python3.9 python3 python; do \
  if $$p -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))' \
     >/dev/null 2>&1; then echo $$p; break; fi; done)
BIN = .venv/bin
DEMO_DIR ?= runs/demo

.PHONY: demo test lint docs clean

.venv/installed: setup.py pyproject.toml xtremedistil_tf/version.py
	@test -n "$(PYTHON)" || { echo "error: no Python 3.9, 3.10 or 3.11 found; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=23"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@

demo: .venv/installed
	$(BIN)/python run_distillation.py --flagfile=flags/demo.flags --model_dir=$(DEMO_DIR)

test: .venv/installed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest -n 2 --dist=loadfile

lint: .venv/installed
	$(BIN)/python -m ruff check .

docs: .venv/installed
	$(BIN)/python docs/make_flags.py
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/prepare.py

clean:
	rm -rf .venv build *.egg-info
