"""TG102: something in the plan is not of the kind it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG102"

_KINDS = {
    "not an object": ("a task is an object, not {written}", "remove it, or write a task"),
    "subtasks not a list": ("the subtasks of {id} are not a list but {written}", "write subtasks as a list"),
    "dependencies not a list": (
        "the dependencies of {id} are not a list but {written}",
        "write them as a list of ids, such as [1, 2]",
    ),
    "odd reference": ("{id} depends on {written}, which can be no id", "remove it, or write an id"),
}


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a place."""
    for kind, (sentence, fix) in _KINDS.items():
        for odd in context.odd(kind):
            message = sentence.format(id=odd.entry.id, written=shorten(odd.written))
            tasks = () if kind == "not an object" else (odd.entry.id,)
            yield Finding(CODE, "error", message, odd.path, tasks, fix)
