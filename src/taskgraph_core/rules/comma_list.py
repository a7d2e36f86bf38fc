"""TG209: several ids stand in one string."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG209"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a string; Taskmaster takes it as one id that does not exist."""
    for odd in context.odd("comma list"):
        yield Finding(
            CODE,
            "error",
            f"{odd.entry.id} depends on {shorten(odd.written)}: several ids in one string",
            odd.path,
            (odd.entry.id,),
            'write each id as an item of its own, such as ["1", "2"]',
        )
