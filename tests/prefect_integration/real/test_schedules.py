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


# In 2027: the day on which the clocks go forward, and the one on which they go back.
CHANGES = {
    OSLO: (SPRING, AUTUMN),
    "Australia/Lord_Howe": (datetime(2027, 10, 3, tzinfo=UTC), datetime(2027, 4, 4, tzinfo=UTC)),
    "Asia/Tokyo": (SPRING, AUTUMN),
}


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("cron", ["0 2 * * *", "30 2 * * *", "15 1 * * 0", "0 3 * * *", "*/30 * * * *", "30 */2 * * *"])
def test_prefect_differs_from_cron_only_where_a_finding_says_so(cron: str, zone: str) -> None:
    graph = graph_of("1", schedule=Schedule(cron=cron, timezone=zone))
    said = " ".join(finding.message for finding in clock_changes(graph))
    for word, day in zip(("skip", "repeat"), CHANGES[zone], strict=True):
        around = day - timedelta(hours=36), day + timedelta(hours=36)

        assert (set(by_cron(cron, zone, *around)) != set(runs(cron, zone, *around))) == (word in said)
