"""Compiled graphs as input: read them back, look at them as a plan."""

from __future__ import annotations

import json

from pydantic import ValidationError

from taskgraph_core.errors import InputError
from taskgraph_core.ir import TaskGraph
from taskgraph_core.profile.load import explain
from taskgraph_core.taskmaster.plan import Entry, Odd, Plan


def is_graph(text: str) -> bool:
    """Whether text is a compiled graph rather than a plan, whatever the order of its keys.

    A plan may have a key ``schema_version`` as well, and a graph taken for a plan would lose its edges.
    """
    if '"schema_version"' not in text:
        return False
    try:
        root = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(root, dict) and root.keys() >= {"schema_version", "id", "tasks"}


def read_graph(text: str, name: str) -> TaskGraph:
    """Read a compiled graph.

    Raises:
        InputError: it is damaged, or of another version.
    """
    try:
        return TaskGraph.model_validate_json(text)
    except ValidationError as error:
        first = explain(error.errors()[0], TaskGraph)
        msg = f"is not a compiled graph of this version: {first}"
        raise InputError(msg, where=name, fix="compile the plan again with 'taskgraph compile'") from error


def plan_of(graph: TaskGraph, name: str) -> Plan:
    """A compiled graph as a plan, for the rules: flat, because its edges say everything."""
    entries: list[Entry] = []
    by_id: dict[str, Entry] = {}
    odd: dict[str, list[Odd]] = {}
    for position, task in enumerate(graph.tasks):
        raw = {"title": task.title, "tags": list(task.labels)}
        entry = Entry(task.id, raw, None, position, "$.tasks", priority=task.priority)
        entries.append(entry)
        if by_id.setdefault(task.id, entry) is not entry:
            odd.setdefault("duplicate task", []).append(Odd(entry, entry.path))
    for entry, task in zip(entries, graph.tasks, strict=True):
        for position, other in enumerate(task.depends_on):
            path = f"{entry.path}.depends_on[{position}]"
            if other not in by_id:
                odd.setdefault("missing", []).append(Odd(entry, path, other, other))
            elif other == task.id:
                odd.setdefault("self", []).append(Odd(entry, path, other, other))
        entry.depends_on = tuple(other for other in task.depends_on if other in by_id and other != task.id)
    return Plan(name, graph.id, entries, by_id, odd)
