"""Where each entry of a plan stands: still to be carried out, satisfied, or held.

A finished parent finishes its subtasks, whatever they say themselves; a held or cancelled one
holds or cancels those that are not done. What depends on a held entry is held back with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskgraph_core.taskmaster.vocabulary import HELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.taskmaster.plan import Entry, Plan


@dataclass(frozen=True, slots=True)
class Standings:
    """Ids by standing; every entry is in exactly one of the three.

    Attributes:
        due: to be carried out.
        satisfied: nothing waits for these any longer.
        held: not carried out, by its own status or because of what it waits for.
        held_by: for each entry held back by others, the entry whose status holds it (a subtask's own, or its parent's).
        finished_by_parent: satisfied only because the parent is.
        cancelled: satisfied only because it was given up.
    """

    due: set[str] = field(default_factory=set)
    satisfied: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    held_by: dict[str, str] = field(default_factory=dict)
    finished_by_parent: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)


def standings(plan: Plan, *, everything: bool = False, cancelled_blocks: bool = False) -> Standings:
    """Sort the entries of a plan.

    Args:
        plan: the plan.
        everything: what is done is due again, as every night.
        cancelled_blocks: a cancelled entry holds back what depends on it instead of satisfying it.
    """
    found = Standings()
    for entry in plan.entries:
        own, parent = entry.status, entry.parent
        if own == "done" and not everything:
            found.satisfied.add(entry.id)
        elif own == "cancelled" and not cancelled_blocks:
            found.satisfied.add(entry.id)
            found.cancelled.add(entry.id)
        elif parent is not None and parent.id in found.satisfied:
            found.satisfied.add(entry.id)
            (found.cancelled if parent.id in found.cancelled else found.finished_by_parent).add(entry.id)
        elif own == "cancelled" or own in HELD or (parent is not None and parent.id in found.held):
            found.held.add(entry.id)
        else:
            found.due.add(entry.id)
    if found.held:
        _hold_back(plan, found)
    return found


def _hold_back(plan: Plan, found: Standings) -> None:
    dependents: dict[str, list[str]] = {}
    for entry in plan.entries:
        for waited_for in waits_for(entry):
            dependents.setdefault(waited_for, []).append(entry.id)
    work = [(entry.id, _holder(entry)) for entry in plan.entries if entry.id in found.held]
    for task_id, root in work:  # grows while it is walked
        for other in dependents.get(task_id, ()):
            if other in found.due:
                found.due.discard(other)
                found.held.add(other)
                found.held_by[other] = root
                work.append((other, root))


def _holder(entry: Entry) -> str:
    own = entry.parent is None or entry.status in HELD or entry.status == "cancelled"
    return entry.id if own or entry.parent is None else entry.parent.id


def waits_for(entry: Entry) -> Iterator[str]:
    """Ids an entry waits for: what it names, what its parent names, and a parent its own subtasks."""
    yield from entry.depends_on
    if entry.parent is not None:
        yield from entry.parent.depends_on
    for subtask in entry.subtasks:
        yield subtask.id
