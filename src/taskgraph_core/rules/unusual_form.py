"""TG109: the file has a form that Taskmaster itself reads as empty, or only in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG109"

_FORMS = {
    "root list": "the file is a list, not an object with tags",
    "list a tag": "the tags hold bare lists, without a 'tasks' key",
    "wrapped tags": "the tags stand inside a 'tags' key",
    "flat beside tags": "a 'tasks' list stands beside the tags",
}


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a file."""
    form = context.document.form if context.document is not None else ""
    if form in _FORMS:
        yield Finding(
            CODE,
            "info",
            f"{_FORMS[form]}; it was read all the same, but Taskmaster sees no tasks there",
            "$",
            fix='write it as {"master": {"tasks": [...]}}',
        )
