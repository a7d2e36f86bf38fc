# Two commands matter: `make demo` shows everything, `make test` checks everything. Each sets up what it needs
# under .venv*/ and uses it again the next time.

PYTHON ?= python3
# Compiled bytecode halves the start of Airflow and Prefect, also where the shell switches it off.
unexport PYTHONDONTWRITEBYTECODE

# $(call environment,folder,extras,constraints): one virtual environment, made again when what it is made from changes.
define environment
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(3) --editable '.[$(2)]'
	touch $@
endef

.PHONY: demo demo-airflow demo-prefect test lint types test-core test-airflow test-prefect test-scale reliability benchmark benchmark-airflow benchmark-prefect generated clean

demo: .venv/ready
	@.venv/bin/python examples/demo.py

# Both examples in a real Airflow on this machine; `make demo-airflow KEEP=1` leaves it running until Ctrl-C.
demo-airflow: .venv-airflow/ready
	@exec .venv-airflow/bin/python examples/airflow_demo.py $(if $(KEEP),--stay)

# The same in a real Prefect.
demo-prefect: .venv-prefect/ready
	@exec .venv-prefect/bin/python examples/prefect_demo.py $(if $(KEEP),--stay)

test: lint types test-core test-airflow test-prefect test-scale

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/ready
	.venv/bin/mypy

test-core: .venv/ready
	.venv/bin/pytest -q

test-airflow: .venv-airflow/ready
	.venv-airflow/bin/pytest -q tests/airflow_provider/real
	.venv-airflow/bin/pytest -q tests/airflow_provider/scheduler

test-prefect: .venv-prefect-scale/ready
	.venv-prefect-scale/bin/pytest -q tests/prefect_integration/real
	.venv-prefect-scale/bin/pytest -q tests/prefect_integration/server

test-scale: .venv-scale/ready
	.venv-scale/bin/pytest -q tests/taskgraph_core/engine/remote/real

# The whole score-sheet of tests/reliability, which takes a quarter of an hour; its short version is part of `test`.
reliability: .venv/ready
	.venv/bin/pytest -q -s --full tests/reliability

# The engine beside what one would use instead; prints a table.
benchmark: .venv-scale/ready
	.venv-scale/bin/python benchmarks/engine.py

# Generated DAGs beside DAGs written by hand and dag-factory's, read and run by Airflow; ten minutes.
benchmark-airflow: .venv-airflow-bench/ready
	.venv-airflow-bench/bin/python benchmarks/airflow.py

# Generated flows beside flows written by hand, in a real Prefect; a quarter of an hour.
benchmark-prefect: .venv-prefect-scale/ready
	.venv-prefect-scale/bin/python benchmarks/prefect.py

# The committed DAGs and golden files, made again by the generators.
generated: .venv/ready
	.venv/bin/python -m pytest -q --regenerate tests

clean:
	rm -rf .venv .venv-airflow .venv-airflow-bench .venv-prefect .venv-prefect-scale .venv-scale out

.venv/ready: pyproject.toml constraints/dev.txt
	$(call environment,.venv,dev,constraints/dev.txt)

.venv-airflow/ready: pyproject.toml constraints/airflow.txt
	$(call environment,.venv-airflow,airflow-postgres$(comma)test,constraints/airflow.txt)

.venv-airflow-bench/ready: pyproject.toml constraints/airflow.txt
	$(call environment,.venv-airflow-bench,airflow-bench,constraints/airflow.txt)

.venv-prefect/ready: pyproject.toml constraints/prefect.txt
	$(call environment,.venv-prefect,prefect$(comma)test,constraints/prefect.txt)

.venv-prefect-scale/ready: pyproject.toml constraints/prefect.txt
	$(call environment,.venv-prefect-scale,prefect-dask$(comma)prefect-ray$(comma)test,constraints/prefect.txt)

.venv-scale/ready: pyproject.toml constraints/scale.txt
	$(call environment,.venv-scale,bench$(comma)dask$(comma)ray$(comma)test,constraints/scale.txt)

comma := ,
