"""Trigger rules: what the ends of its upstream tasks mean for a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .node import Verdict

# A trigger rule in two halves. As soon as one upstream task ended in a state of the first set, the answer
# stands. Otherwise, once all have ended: the third item if one of them ended in the second set, else the fourth.
_S, _F, _K, _U = "success", "failed", "skipped", "upstream_failed"
_RULES: dict[str, tuple[tuple[str, ...], Verdict, tuple[str, ...], Verdict, Verdict]] = {
    "all_success": ((_F, _U), "upstream_failed", (_K,), "skipped", "run"),
    "all_failed": ((_S, _K), "skipped", (), "run", "run"),
    "all_done": ((), "run", (), "run", "run"),
    "all_done_min_one_success": ((_K,), "skipped", (_S,), "run", "upstream_failed"),
    "all_skipped": ((_S, _F, _U), "skipped", (), "run", "run"),
    "one_success": ((_S,), "run", (_F, _U), "upstream_failed", "skipped"),
    "one_failed": ((_F, _U), "run", (), "run", "skipped"),
    "one_done": ((_S, _F), "run", (), "run", "skipped"),
    "none_failed": ((_F, _U), "upstream_failed", (), "run", "run"),
    "none_failed_min_one_success": ((_F, _U), "upstream_failed", (_S,), "run", "skipped"),
    "none_skipped": ((_K,), "skipped", (), "run", "run"),
}


RULES = frozenset({*_RULES, "always"})
"""Every trigger rule there is."""


def decide(rule: str, ended: Mapping[str, int], total: int) -> Verdict | None:
    """What a trigger rule makes of its upstream tasks; None while that is still open.

    ``ended`` counts upstream tasks by final state (a cancelled one under ``failed``), ``total``
    is how many there are. An answer is given early only where no later event could change it,
    so final states never depend on who finished first. Without upstream tasks, and under
    ``always``, the answer is ``run``, before anything ended.
    """
    if total == 0 or rule == "always":
        return "run"
    early, at_once, late, with_late, without = _RULES[rule]
    for state in early:
        if ended.get(state):
            return at_once
    if sum(ended.values()) < total:
        return None
    for state in late:
        if ended.get(state):
            return with_late
    return without
