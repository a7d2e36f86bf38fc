from __future__ import annotations

import pytest

from prefect_integration.generating.clock_changes import clock_changes
from support.graphs import graph_of
from taskgraph_core.ir import Schedule


def messages(cron: str, timezone: str) -> list[str]:
    return [
        finding.message for finding in clock_changes(graph_of("1", schedule=Schedule(cron=cron, timezone=timezone)))
    ]


def test_a_time_that_is_skipped_in_spring_is_said_with_when_prefect_runs_it() -> None:
    (message,) = messages("30 2 * * *", "Europe/Oslo")

    assert "Europe/Oslo skip" in message
    assert "at 01:30 for 02:30" in message


def test_half_an_hour_may_be_skipped_too() -> None:
    assert "at 01:45 for 02:15" in messages("15 2 * * *", "Australia/Lord_Howe")[0]


def test_what_runs_all_the_time_runs_once_in_an_hour_that_comes_twice() -> None:
    (message,) = messages("*/30 * * * *", "Europe/Oslo")

    assert "repeat" in message


@pytest.mark.parametrize(
    ("cron", "timezone"),
    [
        ("30 2 * * *", "UTC"),
        ("30 2 * * *", "Asia/Tokyo"),
        ("0 3 * * *", "Europe/Oslo"),
        ("30 2 1 * *", "Europe/Oslo"),
        ("30 2 * * 1-5", "Europe/Oslo"),
        ("30 2 * * *", "No/Where"),
        ("never", "Europe/Oslo"),
    ],
)
def test_a_schedule_that_no_clock_change_touches_needs_no_remark(cron: str, timezone: str) -> None:
    assert messages(cron, timezone) == []


def test_no_schedule_needs_no_remark() -> None:
    assert list(clock_changes(graph_of("1"))) == []
