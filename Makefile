# `make` lists the targets. Each builds what it needs, once: stamps inside .venv remember what is done.
# Needs Python 3.11 or later with pip. PYTHON=… names another interpreter, ARGS=… is handed to the command.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SAY := @printf '\n==> %s\n'
UV := uv==0.13.9
COMPILE := pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --extra embedded --group build
# The oldest PostgreSQL installed here that the project supports: newer SQL must not slip in.
SYSTEM_POSTGRES := $(firstword $(sort $(wildcard /usr/lib/postgresql/1[5-9]/bin/initdb /usr/lib/postgresql/[2-9][0-9]/bin/initdb)))

# Bytecode is kept whatever the surroundings say: each process would rewrite every test's assertions anew.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

# The files of the suite side by side, each process with a server of its own; two more than there are processors,
# because tests wait for what they started. In the order that tests/conftest.py gives them: by their number of
# tests, those of one long test would come last, and be waited for.
BESIDE = --numprocesses $$($(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 2)') --dist loadfile \
	--no-loadscope-reorder

# What is run on it: between them, these ask a database nearly every statement of the project once. Left out is what
# asks the same again by another way: of a process that is killed, over a socket, from a command line, by chance, by
# each role, with each batch.
ELSEWHERE := $(patsubst %,tests/%.py,$(patsubst %,api/test_%,access bodies examples figures fuzz hostile import_served lane \
	limits marked matrix openapi outage pathways patients problems projections read_examples restore restricted \
	schemas scopes server stopping stream tracing wire writing) \
	$(patsubst %,api/fhir/test_%,access hostile receiving) \
	$(patsubst %,projections/test_%,kept_rows parking projector read_models))
ASKS := $(filter-out $(ELSEWHERE),$(wildcard tests/api/test_*.py tests/api/fhir/test_*.py tests/projections/test_*.py)) \
	tests/projections/test_parking.py::test_a_retry_that_fails_again_is_counted_and_one_that_does_not_leaves_nothing \
	--deselect=tests/projections/test_rebuild.py::test_readers_writers_and_the_live_projector_are_not_disturbed \
	$(addprefix tests/,store ledger/test_notary.py ledger/test_verify.py ledger/test_tampered.py audit feed export \
	privacy/test_erasing.py privacy/test_rotating.py webhooks/test_deliveries.py webhooks/test_history.py \
	webhooks/test_rewound.py broker/test_broker.py ingest/fhir/test_ingest.py ingest/hl7v2/test_ingest.py \
	web/test_signing.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test fuzz lint format bench soak lock clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/run  ## install, then serve simulated journeys on 127.0.0.1:8000; Ctrl-C stops everything
	$(SAY) "the demo"
	@$(BIN)/journey demo $(ARGS)

test: $(VENV)/dev  ## the whole suite on the embedded PostgreSQL, then what asks a database on an installed one
	$(SAY) "every test, on the embedded PostgreSQL"
	@$(PYTEST) $(BESIDE) $(ARGS)
ifneq ($(SYSTEM_POSTGRES),)
	$(SAY) "every statement that a database is asked again, on $(patsubst %/bin/initdb,%,$(SYSTEM_POSTGRES))"
	@$(PYTEST) $(BESIDE) --postgres system -m 'database and not crash' $(or $(strip $(ARGS)),$(ASKS)) \
		$(if $(strip $(ARGS)),|| [ $$? -eq 5 ])
endif

fuzz: $(VENV)/dev  ## ask the API for MINUTES=60 whatever its document allows and forbids
	@$(BIN)/python -m tests.contract.fuzzed $(or $(MINUTES),60) $(ARGS)

lint: $(VENV)/dev  ## rules, layout and types
	$(SAY) "ruff: rules"
	@$(BIN)/ruff check
	$(SAY) "ruff: layout"
	@$(BIN)/ruff format --check
	$(SAY) "mypy: strict types"
	@$(BIN)/mypy --num-workers auto

format: $(VENV)/dev  ## mend what ruff can mend by itself
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(VENV)/run  ## the benchmarks, each beside its floor or its rival
	@$(BIN)/journey bench $(ARGS)

soak: $(VENV)/run  ## the long concurrency test
	@$(BIN)/journey bench soak $(ARGS)

lock: $(VENV)/made  ## pin every library again after a change in pyproject.toml (ARGS=--upgrade: take newer ones)
	$(SAY) "resolving for Linux and macOS, Python 3.11 and later"
	@uv=$$(mktemp -d) && trap 'rm -rf "$$uv"' EXIT && \
	$(PIP) install --quiet --target "$$uv" '$(UV)' && \
	"$$uv/bin/uv" $(COMPILE) --output-file requirements.lock $(ARGS) && \
	"$$uv/bin/uv" $(COMPILE) --output-file requirements-dev.lock --group dev --constraint requirements.lock $(ARGS) && \
	grep -c '==' requirements.lock requirements-dev.lock

clean:  ## remove what was built; the data in .journey stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Some systems ship Python without ensurepip: there, the system's pip furnishes the environment.
$(VENV)/made:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then echo 'Journey needs Python 3.11 or later: install it, or name one with PYTHON=…' >&2; exit 1; fi; \
	printf '\n==> %s\n' "a virtual environment in $(VENV), from $$("$$python" --version)"; \
	if "$$python" -c 'import ensurepip' 2>/dev/null; then "$$python" -m venv $(VENV); else \
		"$$python" -m venv --without-pip $(VENV) && "$$python" -m pip --python $(BIN)/python install --quiet pip; \
	fi
	@touch $@

$(VENV)/run: requirements.lock pyproject.toml | $(VENV)/made
	$(SAY) "the pinned libraries ($$(grep -c '==' $<)), then Journey itself"
	@$(PIP) install --require-hashes --requirement $<
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml | $(VENV)/made
	$(SAY) "the pinned libraries and tools ($$(grep -c '==' $<)), then Journey itself"
	@$(PIP) install --require-hashes --requirement $<
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run
