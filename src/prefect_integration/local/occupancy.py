"""When task runs ran, and how full the limits of their tags were at most."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from taskgraph_core.servers import occupancy
from taskgraph_core.servers.occupancy import Hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TAGS = "resource:"
"""How the tags of counted resources begin."""


def span(task_run: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """From when until when a task run ran; until the end of time if it still does, None if it never began."""
    start, end = task_run["start_time"], task_run["end_time"]
    if start is None:
        return None
    return datetime.fromisoformat(start), datetime.fromisoformat(end) if end else datetime.max.replace(tzinfo=UTC)


def peak(task_runs: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The most task runs with each tag of a counted resource that ran at one moment."""
    return occupancy.peak(_holds(task_runs))


def _holds(task_runs: Iterable[Mapping[str, Any]]) -> Iterator[Hold]:
    for task_run in task_runs:
        if ran := span(task_run):
            for tag in task_run["tags"]:
                if tag.startswith(TAGS):
                    yield Hold(tag, 1, *ran)
