"""TG210: the same dependency stands twice in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG210"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a repetition; harmless, because the edge exists once."""
    for odd in context.odd("repeated"):
        yield Finding(
            CODE,
            "warning",
            f"{odd.entry.id} names its dependency on {odd.meant} more than once",
            odd.path,
            (odd.entry.id, odd.meant),
            "keep one of them ('taskgraph check --fix')",
        )
