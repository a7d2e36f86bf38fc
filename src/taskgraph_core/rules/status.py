"""TG106: a status is not one of Taskmaster's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import by_meaning, count, names, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG106"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a word: information for a known alias, a warning for a word that says nothing."""
    for kind, severity in (("status alias", "info"), ("unknown status", "warning")):
        for written, odds in by_meaning(context.odd(kind)):
            ids = tuple(odd.entry.id for odd in odds)
            have = verb(len(odds), "has", "have")
            what = "no status" if written == "None" else f"the status {written}"
            yield Finding(
                CODE,
                "info" if severity == "info" or written == "None" else "warning",
                f"{count(len(odds), 'task')} {have} {what}, read as {odds[0].meant!r}: {names(ids)}",
                odds[0].path,
                ids,
                f"write {odds[0].meant!r}, or another of Taskmaster's words",
            )
