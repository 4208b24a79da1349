# Yuqiao 渝桥. `make` alone prints this help.
BIN := .venv/bin
ifndef PYTHON
PYTHON := $(if $(wildcard $(BIN)/python),$(BIN)/python,$(or $(shell sh deploy/python.sh),python3))
endif
NEEDS ?= 1662
BANKS ?= 8
SEED ?= 16
KEEP ?=
TESTS = $(BIN)/python -m pytest $(if $(CI),-p tests.no_skips)

.DEFAULT_GOAL := help
.PHONY: help venv demo up status down test chaos bench lint fmt types docs lock clean

help: ## show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | sort | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

venv: .venv/.done ## build .venv from the locked, hashed requirements

.venv/.done: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3.11" >&2; exit 4; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is needed: install it (python3-venv on Debian)" >&2; exit 4; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the locked requirements into .venv ($$($(BIN)/python -c 'import sys; print(sys.base_prefix, sys.version.split()[0])'))" >&2
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: venv ## a need list through all services to closed cases (NEEDS, BANKS, SEED, KEEP=1)
	@$(BIN)/yuqiao demo --needs $(NEEDS) --banks $(BANKS) --seed $(SEED) $(if $(KEEP),--keep)

up: venv ## start the stack with the real clock and keep it running
	@$(BIN)/yuqiao up --banks $(BANKS)

status: venv ## show each process, its health and its lag
	@$(BIN)/yuqiao status

down: venv ## stop the stack; data stay under build/local
	@$(BIN)/yuqiao down

test: venv ## every test but chaos and load; starts the servers it needs
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy -p yuqiao -p services -p deploy --no-error-summary & types=$$!; \
	mkdir -p build; echo "what starts processes (tests/stack, tests/e2e) runs beside the others; it is shown after them" >&2; \
	$(TESTS) tests/stack tests/e2e > build/processes.log 2>&1 & processes=$$!; \
	$(TESTS) tests/tidy tests/unit tests/services; tests=$$?; \
	wait $$processes; beside=$$?; cat build/processes.log; wait $$types && test $$tests$$beside = 00

chaos: venv ## kill -9 and worse, on real Kafka and Postgres
	@$(BIN)/python -m pytest tests/chaos

bench: venv ## measure; writes build/bench.json
	@$(BIN)/yuqiao bench

lint: venv ## ruff, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

fmt: venv ## format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: venv ## mypy --strict
	@$(BIN)/mypy -p yuqiao -p services -p deploy

docs: venv ## regenerate schemas and the architecture diagram
	@$(BIN)/python -m yuqiao.contracts.schemas write
	@$(BIN)/yuqiao topology > build/topology.md

lock: ## lock the requirements: versions and hashes, no addresses
	@$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header --extra local --extra dev -o requirements-dev.txt pyproject.toml
	@$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header -c requirements-dev.txt -o requirements.txt pyproject.toml

clean: ## remove build/ and .venv (stop the stack first)
	@rm -rf build .venv
