"""TG201: a dependency names a task that does not exist."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG201"

COMPARISONS = 100_000
"""Ids looked at, at most, for hints; a large plan that is broken all over gets its answer quickly as well."""


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a reference."""
    known = context.plan.by_id
    for number, odd in enumerate(context.odd("missing"), start=1):
        worthwhile = 2 < len(odd.meant) < 100 and number * len(known) <= COMPARISONS
        near = get_close_matches(odd.meant, known, n=1, cutoff=0.8) if worthwhile else []
        hint = f"did you mean {near[0]}? " if near else ""
        yield Finding(
            CODE,
            "error",
            f"{odd.entry.id} depends on {shorten(odd.written)}, which does not exist in {context.plan.tag!r}",
            odd.path,
            (odd.entry.id,),
            f"{hint}remove it ('taskgraph check --fix') or write the right id",
        )
