"""Taskgraph for Apache Airflow: a graph becomes a DAG file and its pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider.dynamic import taskgraph_dag

__all__ = ["taskgraph_dag"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has that name
    """What files in the DAGs folder import from here, loaded when they do."""
    if name != "taskgraph_dag":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from airflow_provider.dynamic import taskgraph_dag  # noqa: PLC0415 - see above

    return taskgraph_dag
