"""Next runs of a deployment across clock changes, by the code of Prefect's own scheduler."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from prefect.server.schemas.schedules import CronSchedule

from prefect_integration.generating.clock_changes import clock_changes
from support.graphs import graph_of
from taskgraph_core.ir import Schedule

OSLO = "Europe/Oslo"
SPRING, AUTUMN = datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)


def runs(cron: str, zone: str, first: datetime, last: datetime) -> list[datetime]:
    dates = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(5000, start=first, end=last))
    return [date.astimezone(UTC) for date in dates]


def by_cron(cron: str, zone: str, first: datetime, last: datetime) -> list[datetime]:
    """What cron would do, from whom the core knows which schedules there are."""
    found = []
    for date in CronSim(cron, (first - timedelta(minutes=1)).astimezone(ZoneInfo(zone))):
        if date > last:
            break
        found.append(date.astimezone(UTC))
    return found


@pytest.mark.parametrize(("cron", "minute"), [("0 2 * * *", 0), ("30 2 * * *", 30)])
def test_a_nightly_run_comes_once_each_night_also_when_clocks_change(cron: str, minute: int) -> None:
    def clock(day: datetime) -> list[str]:
        found = runs(cron, OSLO, day - timedelta(hours=12), day + timedelta(hours=36))
        return [f"{date.astimezone(ZoneInfo(OSLO)):%d %H:%M %z}" for date in found]

    assert clock(SPRING) == [f"28 01:{minute:02} +0100", f"29 02:{minute:02} +0200"]
    assert clock(AUTUMN) == [f"31 02:{minute:02} +0200", f"01 02:{minute:02} +0100"]


@pytest.mark.parametrize("zone", [OSLO, "Australia/Lord_Howe", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "cron", ["0 2 * * *", "30 2 * * *", "15 1 * * 0", "0 3 * * *", "*/30 * * * *", "30 */2 * * *", "30 2 * * 1-5"]
)
def test_prefect_differs_from_cron_only_where_a_finding_says_so(cron: str, zone: str) -> None:
    said = " ".join(
        finding.message for finding in clock_changes(graph_of("1", schedule=Schedule(cron=cron, timezone=zone)))
    )
    differs = set()
    for year in range(2025, 2035):
        first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        ours, theirs = set(by_cron(cron, zone, first, last)), set(runs(cron, zone, first, last))
        for date in ours ^ theirs:
            month = date.astimezone(ZoneInfo(zone))
            gained = (month + timedelta(days=2)).utcoffset() - (month - timedelta(days=2)).utcoffset()  # type: ignore[operator]
            differs.add("skip" if gained > timedelta() else "repeat")

    assert differs == {word for word in ("skip", "repeat") if word in said}
