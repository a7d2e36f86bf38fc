"""What a task's program is told about its task, the same in every engine.

Fields of a task reach its command only this way, never pasted into a shell line. Only short
fields go into environment variables (the operating system bounds their size); the local
engine also writes the whole task to the file named in ``TASKGRAPH_TASK_JSON``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

TITLE_LIMIT = 1000
"""Longest title put into the environment, in characters."""


def task_environment(graph: TaskGraph, task: Task) -> dict[str, str]:
    """The variables that do not depend on the run; engines add ``TASKGRAPH_RUN_ID`` and ``TASKGRAPH_ATTEMPT``."""
    return {
        "TASKGRAPH_GRAPH_ID": graph.id,
        "TASKGRAPH_TASK_ID": task.id,
        "TASKGRAPH_TASK_TITLE": task.title[:TITLE_LIMIT],
        "TASKGRAPH_TASK_GROUP": task.group or "",
        "TASKGRAPH_TASK_PRIORITY": task.priority,
    }
