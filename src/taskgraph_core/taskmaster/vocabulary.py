"""Words for statuses and priorities: Taskmaster's own, and what people and AI tools write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from taskgraph_core.ir import Priority, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUSES: frozenset[str] = frozenset(get_args(Status))
PRIORITIES: frozenset[str] = frozenset(get_args(Priority))

SATISFIED: frozenset[str] = frozenset({"done", "cancelled"})
"""What depends on these need not wait any longer (cancelled: unless the profile says otherwise)."""

HELD: frozenset[str] = frozenset({"deferred", "blocked", "review"})
"""These are not carried out, and hold back what depends on them."""

_STATUS_ALIASES: Mapping[str, Status] = {
    "complete": "done",
    "completed": "done",
    "closed": "done",
    "finished": "done",
    "resolved": "done",
    "todo": "pending",
    "to-do": "pending",
    "open": "pending",
    "new": "pending",
    "backlog": "pending",
    "not-started": "pending",
    "ready": "pending",
    "failed": "pending",
    "inprogress": "in-progress",
    "doing": "in-progress",
    "wip": "in-progress",
    "started": "in-progress",
    "active": "in-progress",
    "partial": "in-progress",
    "in-review": "review",
    "reviewing": "review",
    "canceled": "cancelled",
    "deleted": "cancelled",
    "dropped": "cancelled",
    "removed": "cancelled",
    "wontfix": "cancelled",
    "on-hold": "deferred",
    "paused": "deferred",
    "postponed": "deferred",
    "skipped": "deferred",
    "waiting": "blocked",
    "stuck": "blocked",
}

_PRIORITY_ALIASES: Mapping[str, Priority] = {
    "p0": "critical",
    "p1": "high",
    "p2": "medium",
    "p3": "low",
    "urgent": "critical",
    "highest": "critical",
    "blocker": "critical",
    "important": "high",
    "normal": "medium",
    "moderate": "medium",
    "minor": "low",
    "lowest": "low",
}


def read_status(written: object) -> tuple[Status, bool]:
    """What a written status means, and whether it is known at all; an unknown one means pending."""
    word = _word(written)
    if word in STATUSES:
        return word, True  # type: ignore[return-value]  # just checked
    alias = _STATUS_ALIASES.get(word)
    return alias or "pending", alias is not None


def read_priority(written: object) -> tuple[Priority, bool]:
    """What a written priority means, and whether it is known at all; an unknown one means medium."""
    word = _word(written)
    if word in PRIORITIES:
        return word, True  # type: ignore[return-value]  # just checked
    alias = _PRIORITY_ALIASES.get(word)
    return alias or "medium", alias is not None


def _word(written: object) -> str:
    return "-".join(written.lower().replace("_", " ").replace("-", " ").split()) if isinstance(written, str) else ""
