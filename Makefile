# Everything a fresh machine needs: Python 3.11 with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test check serve sample-data wheel clean

help:           ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: $(READY)  ## the synthetic district, from files to the three indicators
	@$(BIN)/ddk demo

test: $(READY)  ## the whole suite
	@$(BIN)/python -m pytest -n auto --no-loadscope-reorder

check: $(READY) ## style, types, structure
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

serve: $(READY) ## Prefect server, UI and schedule on 127.0.0.1:4200
	@$(BIN)/python -m flows.serve

sample-data: $(READY) ## make the committed sample_data/ anew
	@$(BIN)/ddk synthesise --out sample_data

wheel: $(READY) ## dist/*.whl
	@$(BIN)/python -m hatchling build -t wheel

clean:          ## remove the environment and all data of the demo
	rm -rf $(VENV) warehouse/data build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@echo "正在准备运行环境（首次约需两分钟）… / preparing the environment"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || { echo "需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "请先安装 venv:apt install python3-venv / install venv first"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip check --disable-pip-version-check > /dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $(READY)
