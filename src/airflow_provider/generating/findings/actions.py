"""What tasks do, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.ir import Noop, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph


def files(graph: TaskGraph) -> Iterator[Finding]:
    """TG513: who looks for files, and how."""
    tasks = tuple(task.id for task in graph.tasks if isinstance(task.action, Wait) and task.action.what == "file")
    if tasks:
        yield Finding(
            "TG513",
            "info",
            "Airflow's triggerer looks for these files, at one pace: it must see the folders that the workers see, and "
            "a folder counts once there is a file in it",
            "action",
            tasks,
        )


def project(graph: TaskGraph, project: str) -> Iterator[Finding]:
    """TG507: nobody said where the project lies."""
    tasks = tuple(task.id for task in graph.tasks if not isinstance(task.action, Noop))
    if tasks and not project:
        yield Finding(
            "TG507",
            "info",
            "commands and relative paths start in the folder of the DAG file, as nobody said where the project lies on "
            "Airflow's workers",
            tasks=tasks,
            fix="name it with --project-dir, as an absolute path or as seen from the DAG file",
        )
