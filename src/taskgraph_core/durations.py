"""How long tasks took in earlier runs of a project, for better estimates in the next.

    <project>/.taskgraph/durations.json
        {"version": 1, "graphs": {"nightly": {"5.2": {"9f86d081884c7d65": [61.2, 58.9]}}}}

By graph, task and digest of the task's action: where the action changed, measuring begins anew. What was measured
is no part of a graph: it changes neither its fingerprint nor what is generated, only in which order ready tasks
start, and what is predicted. A file that is damaged or of another kind counts as empty; and of two runs that end in
the same moment, one may be forgotten.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from taskgraph_core.duration import LONGEST
from taskgraph_core.engine.rundir import HOME
from taskgraph_core.generate import replace_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from taskgraph_core.ir import Task, TaskGraph

VERSION = 1
KEPT = 5
"""Most durations kept of a task, the newest."""


def estimates(graph: TaskGraph, project: Path) -> dict[str, float]:
    """Seconds to expect of each task of a graph that was measured in earlier runs of the project."""
    known = _of_graph(_read(project), graph.id)
    if not known:
        return {}
    return {task.id: median(seconds) for task in graph.tasks if (seconds := _measured(known, task.id, _digest(task)))}


def measured(graph: TaskGraph, seconds: Mapping[str, float]) -> TaskGraph:
    """The graph with what was measured in place of its estimates: for weights and predictions, nothing else."""
    if not seconds:
        return graph
    tasks = tuple(
        task.model_copy(update={"estimate": seconds[task.id]}) if task.id in seconds else task for task in graph.tasks
    )
    return graph.model_copy(update={"tasks": tasks})


def remember(project: Path, graph_id: str, took: Iterable[tuple[Task, float]]) -> None:
    """Add what tasks took, each task's attempts in their order; what does nothing is not worth it.

    A project without a folder of ours, because its runs are kept elsewhere, gets none for this.

    Raises:
        OSError: the file cannot be written.
    """
    place = _place(project)
    if not place.parent.is_dir():
        return
    content = _read(project)
    known = content[graph_id] = _of_graph(content, graph_id)
    for task, seconds in took:
        if task.action.kind != "noop":
            digest = _digest(task)
            known[task.id] = {digest: [*_measured(known, task.id, digest), round(max(0.0, seconds), 3)][-KEPT:]}
    replace_text(place, json.dumps({"version": VERSION, "graphs": content}) + "\n")


def median(numbers: list[float]) -> float:
    """What to expect: one run on a busy machine does not move it."""
    ordered = sorted(numbers)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _place(project: Path) -> Path:
    return project / HOME / "durations.json"


def _digest(task: Task) -> str:
    """Sixteen hex digits of what a task does."""
    return hashlib.sha256(task.action.model_dump_json().encode()).hexdigest()[:16]


def _read(project: Path) -> dict[str, Any]:
    """What the file knows, by graph; empty unless it is one of ours."""
    try:
        content = json.loads(_place(project).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("version") != VERSION:
        return {}
    graphs = content.get("graphs")
    return graphs if isinstance(graphs, dict) else {}


def _of_graph(content: dict[str, Any], graph_id: str) -> dict[str, Any]:
    known = content.get(graph_id)
    return known if isinstance(known, dict) else {}


def _measured(known: dict[str, Any], task_id: str, digest: str) -> list[float]:
    """The durations of a task with this action, oldest first; none where there is anything else."""
    entry = known.get(task_id)
    seconds = entry.get(digest) if isinstance(entry, dict) else None
    if not isinstance(seconds, list):
        return []
    good = all(type(one) in (int, float) and 0 <= one <= LONGEST for one in seconds)
    return seconds if good else []
