"""TG402: the plan itself says what to execute, and the profile does not trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG402"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a key. An error, because dropping it silently would carry out something else than was written."""
    for odd in context.odd.get("untrusted action", ()):
        yield Finding(
            CODE,
            "error",
            f"the plan sets {shorten(odd.meant)} for {odd.entry.id}, and a plan may not say what to execute",
            odd.path,
            (odd.entry.id,),
            "move it to the profile, or set trust_plan_actions = true there if you trust whoever writes the plan",
        )
