"""What rules look at, and small helpers for their sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from taskgraph_core.findings import Finding
from taskgraph_core.rules.cycles import circles, knots
from taskgraph_core.taskmaster.plan import BareNumber, read_plan
from taskgraph_core.taskmaster.standing import waits_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.profile.model import Profile
    from taskgraph_core.taskmaster.document import Document
    from taskgraph_core.taskmaster.plan import Odd, Plan
    from taskgraph_core.taskmaster.standing import Standings


@dataclass(frozen=True)
class PlanContext:
    """A plan as written, before anything is made of it; ``document`` is None for a compiled graph."""

    plan: Plan
    standing: Standings
    profile: Profile
    document: Document | None = None

    def odd(self, kind: str) -> list[Odd]:
        """What reading noted under a kind."""
        return self.plan.odd.get(kind, [])

    @cached_property
    def written_edges(self) -> dict[str, tuple[str, ...]]:
        """What each entry waits for by its own references."""
        return {task_id: entry.depends_on for task_id, entry in self.plan.by_id.items()}

    @cached_property
    def all_edges(self) -> dict[str, tuple[str, ...]]:
        """What each entry waits for, being in a group or a group included."""
        return {
            task_id: tuple(waits_for(entry)) if entry.parent or entry.subtasks else entry.depends_on
            for task_id, entry in self.plan.by_id.items()
        }

    @cached_property
    def sound(self) -> bool:
        """Whether there is no circle at all, groups included."""
        return self._points_backwards() or not knots(self.all_edges)

    def _points_backwards(self) -> bool:
        """Whether every entry names only earlier ones, as most plans do; then there is no circle to look for."""
        seen: set[str] = set()
        for entry in self.plan.entries:
            if entry.parent is None:
                if not seen.issuperset(entry.depends_on):
                    return False
                for subtask in entry.subtasks:
                    if not seen.issuperset(subtask.depends_on):
                        return False
                    seen.add(subtask.id)
                seen.add(entry.id)
        return True

    @cached_property
    def written_circles(self) -> list[tuple[tuple[str, ...], int]]:
        """Circles among the written references."""
        return [] if self.sound else list(circles(self.written_edges))

    def cured_by(self, ids: Collection[str]) -> str:
        """The reading of bare numbers on subtasks under which none of these entries is on a circle, if there is one."""
        if self.document is None or not any(self.plan.by_id[task_id].parent for task_id in ids):
            return ""
        return next((reading for reading, troubled in self._other_readings.items() if not troubled & set(ids)), "")

    @cached_property
    def _other_readings(self) -> dict[BareNumber, set[str]]:
        """For every other reading, the entries that under it are on a circle, or depend on themselves or on nothing."""
        if self.document is None:
            return {}
        raw = self.document.tags[self.plan.tag]
        found: dict[BareNumber, set[str]] = {}
        for reading in get_args(BareNumber):
            if reading != self.profile.subtask_references:
                plan = read_plan(raw, self.plan.name, reading)
                edges = {task_id: tuple(waits_for(entry)) for task_id, entry in plan.by_id.items()}
                odds = [*plan.odd.get("self", ()), *plan.odd.get("missing", ())]
                found[reading] = {odd.entry.id for odd in odds}.union(*knots(edges))
        return found


@dataclass(frozen=True, slots=True)
class GraphContext:
    """A graph, and what turned up while it was made."""

    graph: TaskGraph
    profile: Profile
    odd: dict[str, list[Odd]] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    unmatched_rules: tuple[int, ...] = ()
    has_profile: bool = False


def twins(context: PlanContext, code: str, noun: str) -> Iterator[Finding]:
    """One finding for each id that several tasks (or subtasks) have."""
    later: dict[str, list[Odd]] = {}
    for odd in context.odd(f"duplicate {noun}"):
        later.setdefault(odd.entry.id, []).append(odd)
    for task_id, odds in later.items():
        places = names([odd.path for odd in odds], limit=3)
        yield Finding(
            code,
            "error",
            f"{len(odds) + 1} {noun}s have the id {task_id}: {context.plan.by_id[task_id].path}, {places}",
            odds[0].path,
            (task_id,),
            "give each an id of its own, and look at what depends on it",
        )


def names(ids: Collection[str], limit: int = 8) -> str:
    """Ids for a sentence: the first few, and how many more there are."""
    shown = ", ".join(list(ids)[:limit])
    return shown if len(ids) <= limit else f"{shown} and {len(ids) - limit} more"


def count(number: int, noun: str) -> str:
    """``1 task``, ``3 tasks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def verb(number: int, singular: str, plural: str) -> str:
    """The form of a verb that goes with a number."""
    return singular if number == 1 else plural


def by_meaning(odds: list[Odd]) -> Iterator[tuple[str, list[Odd]]]:
    """Group what was written in the same way, so that a sentence stands once and not sixty times."""
    groups: dict[str, list[Odd]] = {}
    for odd in odds:
        groups.setdefault(shorten(odd.written), []).append(odd)
    yield from groups.items()


def shorten(written: object, limit: int = 60) -> str:
    """What was written, for a sentence: quoted, in ASCII, not longer than a line."""
    text = ascii(written) if not isinstance(written, float) else str(getattr(written, "text", written))
    return text if len(text) <= limit else f"{text[:limit]}..."
