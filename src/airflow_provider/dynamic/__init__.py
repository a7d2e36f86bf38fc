"""A DAG straight from its plan: three lines in the DAGs folder instead of a generated file."""

from __future__ import annotations

from airflow_provider.dynamic.dag import taskgraph_dag

__all__ = ["taskgraph_dag"]
