# Every target sets up .venv by itself: a Python of 3.11 or newer and make are enough.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
SITE := _build/html
PORT ?= 8000

# The first Python that is new enough; another one: make PYTHON=/path/to/python
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$name && break; done)

CELL_SECONDS ?= 300
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=$(CELL_SECONDS) \
	--nbval-kernel-startup-timeout=120 -p no:cacheprovider -o filterwarnings=default
# Two workers with a thread each: notebooks side by side, none in another's way.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

BENCHMARKS := $(filter-out benchmarks/common.py,$(wildcard benchmarks/*.py))
MEASURED := $(BENCHMARKS:benchmarks/%.py=_build/benchmarks/%.json)

.DEFAULT_GOAL := help
.PHONY: help install book test test-code test-notebooks fresh lab run notebooks figures serve \
	lint bench bench-record lighthouse clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

install: $(READY) ## set up .venv from requirements.txt

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "gencourse needs Python 3.11 or newer, and found" \
		"none. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is no Python of 3.11 or newer: name another one with" \
		"make PYTHON=..." >&2; exit 1; }
	@$(BIN)/python -c 'import pip, sys; assert sys.version_info >= (3, 11)' \
		2>/dev/null || "$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	@touch $@

book: $(READY) ## build the site into _build/html
	$(BIN)/python tools/vendor.py
	OMP_NUM_THREADS=1 $(BIN)/python tools/export_live.py
	$(BIN)/jupyter-book build book --config "$(CURDIR)/_config.yml" \
		--toc "$(CURDIR)/_toc.yml" --path-output "$(CURDIR)" -W -n --keep-going
	@test -f $(SITE)/index.html
	@touch $(SITE)/.nojekyll
	@echo "$(CURDIR)/$(SITE)/index.html"

test: $(READY) ## run every test, then every notebook
	@status=0; $(MAKE) --no-print-directory test-code || status=1; \
	$(MAKE) --no-print-directory test-notebooks || status=1; exit $$status

test-code: $(READY) ## run the tests alone
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(WORKERS) --durations=15 tests

test-notebooks: $(READY) ## run every chapter and every reader's notebook alone
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(WORKERS) $(NBVAL) --durations=15 \
		book/chapters book/appendix notebooks

# The versions of a hosted notebook, but for the heavy packages: those are this .venv's.
fresh: $(READY) ## run the reader's notebooks where only what Colab has is installed
	$(BIN)/python tools/fresh.py --borrow --pins tools/pins/colab.txt

lab: $(READY) ## open the reader's notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

run: $(READY) ## run stale chapters anew; one: CHAPTER=density; fresh too: FORCE=1
	$(BIN)/python tools/execute.py $(CHAPTER) $(if $(FORCE),--force)

notebooks: $(READY) ## write the reader's notebooks; with solutions too: SOLUTIONS=1
	$(BIN)/python tools/readers.py
	$(BIN)/python tools/picture.py
	$(BIN)/python tools/citation.py
	$(BIN)/python tools/syllabus.py
	$(if $(SOLUTIONS),$(BIN)/python tools/instructors.py)

figures: $(READY) ## write every figure as SVG for slides, into _build/figures
	$(BIN)/python tools/export_figures.py

serve: $(READY) ## show the built site on http://127.0.0.1:8000 (PORT=8000)
	@test -f $(SITE)/index.html || $(MAKE) book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lint: $(READY) ## check style, types and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/node_tools.py eslint --config tools/eslint.config.mjs \
		book/assets tests/js
	$(BIN)/python tools/node_tools.py prettier --config tools/prettier.json --check \
		"book/assets/**/*.js" "tests/js/*.mjs" "!**/vendor/**"
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
		.github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet .github

# Each once: what is measured stays until its script changes, or is deleted.
bench: $(READY) ## measure what is not measured yet, into _build/benchmarks
	@$(MAKE) --no-print-directory -j1 $(MEASURED)

bench-record: $(READY) ## put what `make bench` measured where the book shows it
	$(BIN)/python tools/record_benchmarks.py

# Not part of the tests: its scores move with what else the machine has to do.
lighthouse: $(READY) ## score the built site with Lighthouse
	@test -f $(SITE)/index.html || $(MAKE) book
	$(BIN)/python tools/lighthouse.py

_build/benchmarks/%.json: benchmarks/%.py benchmarks/common.py
	@mkdir -p $(@D)
	@echo "$<"
	OMP_NUM_THREADS=1 $(BIN)/python $< --json $@

clean: ## delete what was built; .venv stays
	rm -rf _build dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -exec rm -rf {} +
