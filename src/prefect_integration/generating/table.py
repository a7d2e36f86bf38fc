"""A graph as the plain table that a flow file shows, and back.

A row is a task in the words of the published schema, less what is at its default and less the
long texts no program reads; so a reader needs no second vocabulary, and reading a row back is
the model's own validation. Weights are not in the table: they follow from the estimates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskgraph_core.ir import Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = dict[str, Any]

_UNUSED_TEXTS = {"description", "details", "test_strategy", "links", "status"}
_ACTIONS = ("action", "rollback")
_KEPT_ELSEWHERE = {"schema_version", "tasks", "policy"}


def graph_row(graph: TaskGraph) -> Row:
    """The graph without its tasks; ``max_parallel`` is the task runner's."""
    row: Row = _plain(graph.model_dump(exclude=_KEPT_ELSEWHERE, exclude_defaults=True))
    policy = graph.policy.model_dump(exclude={"max_parallel"}, exclude_defaults=True)
    return row | ({"policy": policy} if policy else {})


def task_row(task: Task) -> Row:
    """One task, in the order a reader asks: which, after what, doing what, how."""
    row: Row = _plain(task.model_dump(exclude=_UNUSED_TEXTS, exclude_defaults=True))
    for name in _ACTIONS:
        if name in row:
            row[name] = {"kind": getattr(task, name).kind, **row[name]}
    first = {name: row.pop(name) for name in ("id", "title", "group", "depends_on") if name in row}
    return first | row


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever the kwargs of a python action hold
    """Tuples as lists. Not the model's own JSON form: that turns NaN into null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def graph_from(graph: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> TaskGraph:
    """The graph that a table describes.

    Raises:
        pydantic.ValidationError: the table was edited into something that is no graph.
    """
    return TaskGraph.model_validate({**graph, "tasks": tasks})
