# Everything runs in .venv, made from the lock (requirements.txt) at first use; uv makes it faster where it is there.
PYTHON ?= python3
BIN := .venv/bin
STUDY ?= data/oh2018
OUT ?= _build
# Further options of `alsbook build`, such as --url https://host/path/ --repository https://github.com/owner/name
OPTIONS ?=
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help book pdf pilot serve watch test test-long coverage mutants lint format lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/.ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --clear --seed --python $(PYTHON) .venv \
	  && uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.txt \
	  && uv pip install --quiet --no-deps --python $(BIN)/python --editable .; \
	else \
	  $(PYTHON) -m venv --clear .venv \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .; \
	fi
	@touch $@

book: .venv/.ready ## build the book of STUDY (data/oh2018) into OUT (_build)
	$(BIN)/alsbook build $(STUDY) --out $(OUT) $(OPTIONS)

pdf: .venv/.ready ## build the book and print it as one PDF, too; needs chromium
	$(BIN)/alsbook build $(STUDY) --out $(OUT) --pdf $(OPTIONS)

pilot: .venv/.ready ## build the same book on the CDISC pilot trial into _build/pilot
	$(BIN)/python data/cdisc-pilot/fetch.py
	$(BIN)/alsbook build data/cdisc-pilot --out $(OUT)/pilot

serve: book ## build, then serve the book at http://localhost:8000
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(OUT)/html

watch: .venv/.ready ## build, serve, and build again whenever a file is saved
	$(BIN)/alsbook watch $(STUDY) --out $(OUT) --port $(PORT)

TESTS = $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: .venv/.ready ## run the tests that each change must pass, on all cores
	$(TESTS) -m "not long"

test-long: .venv/.ready ## run the others: further examples, whole books, killed builds
	$(TESTS) -m long

coverage: .venv/.ready ## run every test, and list the branches of stats/ and study/ that none takes
	$(TESTS) --cov --cov-report=term

mutants: .venv/.ready ## change stats/ and study/ in small ways, and list the changes that no test notices (hours)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	OPENBLAS_NUM_THREADS=1 $(BIN)/mutmut run
	$(BIN)/mutmut results

PROSE = index.md README.md CONTRIBUTING.md CHANGELOG.md $(wildcard chapters/*.py chapters/*/*.py chapters/*/*.md data/*/*.md data/*/story/*.md)

lint: .venv/.ready ## check style, docstrings, types, spelling and prose
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell alsutils benchmarks tests references.bib $(PROSE)
	$(BIN)/proselint --config .proselintrc.json check $(PROSE)

format: .venv/.ready ## rewrite the code in the project's style
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: ## resolve requirements.txt anew from pyproject.toml
	@command -v uv >/dev/null 2>&1 || [ -x $(BIN)/uv ] || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv; }
	PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.txt

clean: ## remove what was built
	rm -rf $(OUT) mutants .coverage* .mypy_cache .pytest_cache .ruff_cache
