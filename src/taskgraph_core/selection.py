"""``--select`` and ``--exclude``: which tasks a command is about.

A pattern is an id (``5``, with its subtasks), a glob over ids (``5.*``), or ``tag:…``,
``status:…``, ``priority:…``; a ``+`` before it adds everything it waits for, a ``+`` after it
everything that waits for it. Several patterns, or one with commas, mean any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from taskgraph_core.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from taskgraph_core.ir import TaskGraph


class Selectable(Protocol):
    """What a selection looks at; an entry of a plan and a task of a graph both have it."""

    @property
    def id(self) -> str: ...  # noqa: D102 - as in ir.Task
    @property
    def group(self) -> str | None: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def priority(self) -> str: ...  # noqa: D102
    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asked for; empty means no restriction."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def asks_for_status(self) -> bool:
        """Whether a pattern names a status, so that finished tasks are meant as well."""
        return any("status:" in pattern for pattern in self.select)


EVERYTHING = Selection()


def choose(
    selection: Selection,
    candidates: Sequence[Selectable],
    waits_for: Callable[[], Mapping[str, Iterable[str]]],
    tag: str = "",
) -> set[str]:
    """Ids of the candidates that a selection names.

    Args:
        selection: the patterns.
        candidates: every task there is.
        waits_for: gives, for each id, the ids it waits for; asked only if a pattern has a ``+``.
        tag: the name of the list the tasks stand in, for ``tag:``.

    Raises:
        SelectionError: a pattern is malformed or names no task at all.
    """
    chosen = {item.id for item in candidates}
    if selection.select:
        chosen = _union(selection.select, candidates, waits_for, tag)
    if selection.exclude:
        chosen -= _union(selection.exclude, candidates, waits_for, tag)
    return chosen


class Bridges:
    """Past every task that is left out: which of the kept ones it waits for, at whatever distance.

    Each task left out is looked at once, so that a part of a large plan costs no more than the whole.
    """

    def __init__(self, keep: Collection[str], waits_for: Callable[[str], Iterable[str]]) -> None:
        self._keep = keep
        self._waits_for = waits_for
        self._known: dict[str, dict[str, None]] = {}

    def past(self, start: str) -> Mapping[str, None]:
        """Ids of the kept tasks, in order; nothing may wait in a circle."""
        work = [start]
        while work:
            current = work.pop()
            if current in self._known:
                continue
            upstream = tuple(self._waits_for(current))
            further = [other for other in upstream if other not in self._keep and other not in self._known]
            if further:
                work += [current, *further]
                continue
            found: dict[str, None] = {}
            for other in upstream:
                found |= {other: None} if other in self._keep else self._known[other]
            self._known[current] = found
        return self._known[start]


def subgraph(graph: TaskGraph, keep: set[str]) -> TaskGraph:
    """The kept tasks of a graph; through tasks left out, the order is kept."""
    if len(keep) == len(graph.tasks):
        return graph
    bridges = Bridges(keep, lambda task_id: graph.by_id[task_id].depends_on)
    tasks = []
    for task in graph.tasks:
        if task.id in keep:
            edges: dict[str, None] = {}
            for other in task.depends_on:
                edges |= {other: None} if other in keep else bridges.past(other)
            group = task.group if task.group in keep else None
            tasks.append(task.model_copy(update={"depends_on": tuple(edges), "group": group}))
    return graph.model_copy(update={"tasks": tuple(tasks)})


def _union(
    patterns: Sequence[str],
    candidates: Sequence[Selectable],
    waits_for: Callable[[], Mapping[str, Iterable[str]]],
    tag: str,
) -> set[str]:
    found: set[str] = set()
    for pattern in (part.strip() for whole in patterns for part in whole.split(",")):
        body = pattern.removeprefix("+").removesuffix("+")
        if not body:
            msg = f"the pattern {pattern!r} names nothing"
            raise SelectionError(msg, fix="write an id, a glob such as 5.*, tag:, status: or priority:")
        hits = {item.id for item in candidates if _fits(item, body, tag)}
        if not hits:
            msg = f"the pattern {pattern!r} fits no task"
            raise SelectionError(msg, fix="'taskgraph show' lists the ids")
        found |= hits
        if pattern.startswith("+"):
            found |= _reach(hits, waits_for())
        if pattern.endswith("+"):
            found |= _reach(hits, _reversed(waits_for()))
    return found


def _fits(item: Selectable, body: str, tag: str) -> bool:
    kind, colon, value = body.partition(":")
    if colon and kind == "status":
        return fnmatchcase(item.status, value)
    if colon and kind == "priority":
        return fnmatchcase(item.priority, value)
    if colon and kind == "tag":
        return any(fnmatchcase(label, value) for label in (*item.labels, tag))
    return body in (item.id, item.group) or fnmatchcase(item.id, body)


def _reach(starts: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    seen = set(starts)
    work = list(seen)
    while work:
        for other in edges.get(work.pop(), ()):
            if other not in seen:
                seen.add(other)
                work.append(other)
    return seen


def _reversed(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    backwards: dict[str, list[str]] = {}
    for task_id, others in edges.items():
        for other in others:
            backwards.setdefault(other, []).append(task_id)
    return backwards
