"""What the scheduler is told of a task, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

State = Literal["success", "failed", "skipped", "upstream_failed", "cancelled"]
Outcome = Literal["success", "failed", "skipped", "cancelled"]
Verdict = Literal["run", "skipped", "upstream_failed"]

WHOLE = 1 << 30
"""Slots of a thing that is read and written: a reader takes one, a writer all."""


class Node(NamedTuple):
    """What the scheduler needs to know of a task; times in seconds.

    ``claims`` are (resource, slots), each resource once; a ``write`` claims ``WHOLE`` slots and a ``read`` one.
    ``weight`` is the longest remaining path through it, the first criterion of the order.
    """

    id: str
    upstream: tuple[str, ...] = ()
    rule: str = "all_success"
    claims: tuple[tuple[str, int], ...] = ()
    weight: float = 0.0
    priority: int = 0
    attempts: int = 1
    delay: float = 0.0
    factor: float = 1.0
    max_delay: float = 3600.0
    jitter: float = 0.0
    undoable: bool = False


@dataclass(slots=True)
class Step:
    """What to do now.

    Attributes:
        start: (task, attempt number) to start at once.
        undo: (task, attempt number) whose rollback to start at once.
        stop: running tasks to end; report each with ``finished(…, "cancelled")`` when it has.
        final: (task, final state) of every task that became final since the last poll.
        wake_at: poll again at this time even if nothing happens; None if only an event helps.
        done: everything is final, and everything to be undone was dealt with.
    """

    start: list[tuple[str, int]] = field(default_factory=list)
    undo: list[tuple[str, int]] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    final: list[tuple[str, State]] = field(default_factory=list)
    wake_at: float | None = None
    done: bool = False
