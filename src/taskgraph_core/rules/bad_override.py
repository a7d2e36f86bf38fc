"""TG404: what the plan says under ``metadata.taskgraph`` is not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG404"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a key."""
    for odd in context.odd.get("bad override", ()):
        yield Finding(
            CODE,
            "error",
            f"the override of {odd.entry.id} is not understood: {odd.meant}",
            odd.path,
            (odd.entry.id,),
            "write it as in a rule of the profile",
        )
