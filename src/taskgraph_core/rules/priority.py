"""TG107: a priority is not one of Taskmaster's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import by_meaning, count, names, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG107"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a word."""
    for kind in ("priority alias", "unknown priority"):
        for written, odds in by_meaning(context.odd(kind)):
            ids = tuple(odd.entry.id for odd in odds)
            have = verb(len(odds), "has", "have")
            yield Finding(
                CODE,
                "info" if kind == "priority alias" else "warning",
                f"{count(len(odds), 'task')} {have} the priority {written}, read as {odds[0].meant!r}: {names(ids)}",
                odds[0].path,
                ids,
                "write low, medium, high or critical",
            )
