from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import found, task
from taskgraph_core.rules import schedule


def planned(cron: str, timezone: str = "UTC") -> dict[str, object]:
    return {"graph": {"schedule": {"cron": cron, "timezone": timezone}}}


def test_a_cron_expression_without_five_fields_is_an_error() -> None:
    (finding,) = found(schedule, task(1), profile=planned("0 2 * *"))

    assert finding.code == "TG403"
    assert finding.severity == "error"
    assert finding.message == "the cron expression '0 2 * *' is none: it has not five fields"
    assert finding.path == "graph.schedule.cron"


@pytest.mark.parametrize(
    ("cron", "reason"),
    [
        ("61 * * * *", "bad minute"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("*/0 * * * *", "bad minute"),
        ("a b c d e", "bad"),
    ],
)
def test_a_field_out_of_its_range_is_an_error(cron: str, reason: str) -> None:
    (finding,) = found(schedule, task(1), profile=planned(cron))

    assert f"is none: {reason}" in finding.message


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Olso",
        "Europe",
        "/etc/passwd",
        "../../etc/passwd",
        "..",
        ".",
        " ",
        "\x00",
        "x" * 10_000,
        "utc\n",
        "\x1b[2J",
    ],
)
def test_a_time_zone_that_exists_not_is_an_error(zone: str) -> None:
    (finding,) = found(schedule, task(1), profile=planned("0 2 * * *", zone))

    assert finding.message.startswith("there is no time zone ")
    assert finding.message.isprintable()
    assert finding.path == "graph.schedule.timezone"
    assert finding.fix == "write an IANA name such as Europe/Oslo or UTC"


@given(st.text(alphabet="0123456789*/,-#LWMON ?\u0661", max_size=24))
def test_any_text_is_a_cron_expression_or_a_finding(cron: str) -> None:
    assert len(found(schedule, task(1), profile=planned(cron or "0"))) <= 1


def test_both_can_be_wrong() -> None:
    assert len(found(schedule, task(1), profile=planned("never", "Nowhere"))) == 2


def test_a_sound_schedule_and_none_are_silent() -> None:
    assert not found(schedule, task(1), profile=planned("*/15 2-4 1,15 * MON-FRI", "Europe/Oslo"))
    assert not found(schedule, task(1))
