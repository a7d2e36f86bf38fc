"""TG405: a rule of the profile matches no task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG405"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a rule; information, because what it was for may be done."""
    for number in context.unmatched_rules:
        match = context.profile.rules[number].match.model_dump(exclude_unset=True)
        yield Finding(
            CODE,
            "info",
            f"rule {number + 1} of the profile matches none of the chosen tasks: {match}",
            f"rules[{number}]",
            fix="look at its patterns; remove it if it is not needed any more",
        )
