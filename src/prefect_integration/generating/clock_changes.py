"""TG611: what Prefect makes of a schedule on the two days on which clocks change.

Cron runs what falls into the skipped hour right after it, and what is meant to run all the time
(``*/30 * * * *``) in both of two hours of the same name. Prefect runs the skipped earlier, by as
much as is skipped (02:30 becomes 01:30), and counts an hour that comes twice once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph

_BEGIN, _END = datetime(2025, 1, 1, 12, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
"""Where clock changes are looked for: always in the same years, because the same graph gives the same findings."""

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


def clock_changes(graph: TaskGraph) -> Iterator[Finding]:
    """At most one finding for the times that are skipped, and one for those that come twice."""
    if graph.schedule is None:
        return
    try:
        zone = ZoneInfo(graph.schedule.timezone)
    except (ValueError, KeyError, OSError):
        return  # TG403
    cron = " ".join(graph.schedule.cron.split())
    changes = list(_changes(zone))
    what = ""
    for change in changes:
        if change.size > timedelta() and (moved := _moved(cron, change)):
            earlier = moved - change.size
            what = f"skip: on that day Prefect runs it earlier by as much, at {earlier:%H:%M} for {moved:%H:%M}"
            break
    if what:
        yield _finding(graph.schedule.timezone, what)
    fields = cron.split()
    often = any(field.startswith("*") for field in fields[:2])
    if often and any(change.size < timedelta() and _first(cron, *change.hours) for change in changes):
        yield _finding(graph.schedule.timezone, "repeat: Prefect runs it in the first of the two hours only")


def _finding(zone: str, what: str) -> Finding:
    return Finding(
        "TG611",
        "info",
        f"the schedule names times of day that the clocks of {zone} {what}",
        "graph.schedule",
        fix="choose times that no clock change touches, or a time zone without any, such as UTC",
    )


class _Change(NamedTuple):
    """A clock change: what the clock shows when it comes, and how far it is put forward (or, negative, back)."""

    at: datetime
    size: timedelta

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """From when until when, by the clock, times are skipped or come twice."""
        first, last = sorted((self.at, self.at + self.size))
        return first, last


def _changes(zone: ZoneInfo) -> Iterator[_Change]:
    def offset(instant: datetime) -> timedelta:
        return instant.astimezone(zone).utcoffset() or timedelta()

    day = _BEGIN
    while day < _END:
        if (before := offset(day)) != (after := offset(day + _DAY)):
            low, high = day, day + _DAY
            while high - low > _MINUTE:
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            at = (high.replace(second=0, microsecond=0) + before).replace(tzinfo=None)
            yield _Change(at, after - before)
        day += _DAY


def _moved(cron: str, change: _Change) -> datetime | None:
    """The first skipped time that the schedule names, if it does not name that many hours earlier as well."""
    start, end = change.hours
    while found := _first(cron, start, end):
        earlier = found - change.size
        if _first(cron, earlier, earlier + _MINUTE) is None:
            return found
        start = found + _MINUTE
    return None


def _first(cron: str, start: datetime, end: datetime) -> datetime | None:
    """The first time by the clock from ``start`` and before ``end`` that the schedule names."""
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - only scheduled plans pay for it

    try:
        found: datetime = next(CronSim(cron, start - _MINUTE))
    except (CronSimError, StopIteration):
        return None  # TG403
    return found if found < end else None
