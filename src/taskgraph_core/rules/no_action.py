"""TG401: nothing says what carrying a task out means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count, names, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG401"


def check(context: GraphContext) -> Iterator[Finding]:
    """One finding a plan: information where there is no profile yet, a warning where one forgot some tasks."""
    idle = context.idle
    if not idle:
        return
    yield Finding(
        CODE,
        "warning" if context.has_profile else "info",
        f"{count(len(idle), 'task')} {verb(len(idle), 'has', 'have')} no action and will do nothing: {names(idle)}",
        tasks=idle,
        fix="give a command under [defaults] or in a rule of the profile"
        if context.has_profile
        else "'taskgraph init' writes a profile to start from",
    )
