# Each target does all its own set-up in .venv; a second call reuses it.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.10 python3.9 python3 python; do \
  if $$p -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 13))' \
     >/dev/null 2>&1; then echo $$p; break; fi; done)
# Another PYTHON makes .venv anew.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
INSTALLED = .venv/installed-$(VERSION)
BIN = .venv/bin
DEMO_DIR ?= runs/demo

.PHONY: install demo test test-long lint docs site notebooks clean

$(INSTALLED): setup.py pyproject.toml xtremedistil_tf/version.py
	@test -n "$(VERSION)" || { echo "error: no Python 3.9 to 3.13 found; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(BIN)/python -c 'import pip, sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")' >/dev/null 2>&1 \
	  || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=23"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@

# Only the environment, .venv; `. .venv/bin/activate` then finds all commands.
install: $(INSTALLED)

# A teacher of all labels of the sample, then a student of a tenth of them.
demo: $(INSTALLED)
	$(BIN)/python run_teacher.py --flagfile=flags/demo.flags --model_dir=$(DEMO_DIR)_teacher
	$(BIN)/python run_distillation.py --flagfile=flags/demo_few_labels.flags \
	  --teacher_model_dir=$(DEMO_DIR)_teacher/teacher --model_dir=$(DEMO_DIR)

test: $(INSTALLED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest -n 2 --dist=loadfile --no-loadscope-reorder

test-long: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist=loadfile -m long

lint: $(INSTALLED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

docs: $(INSTALLED)
	$(BIN)/python docs/make_flags.py
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/prepare.py
	$(BIN)/python benchmarks/public_forms.py

# The documentation as a searchable site, in build/site.
site: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo build/site/index.html

# All notebooks, on scraps of the sample: their addresses, and the outputs that they keep.
notebooks: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[notebook]"
	SMOKE=1 $(BIN)/python docs/make_notebooks.py $(patsubst notebooks/%.ipynb,%,$(wildcard notebooks/*.ipynb))

clean:
	rm -rf .venv build *.egg-info
