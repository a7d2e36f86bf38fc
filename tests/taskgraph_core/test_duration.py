from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import JSON_VALUES
from taskgraph_core.duration import LONGEST, human, parse


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1h 30m", 5400.0),
        (" 1 H ", 3600.0),
        ("250ms", 0.25),
        ("1.5h", 5400.0),
        ("2d", 172800.0),
        ("0s", 0.0),
        (0, 0.0),
        (10, 10.0),
        (2.5, 2.5),
    ],
)
def test_a_duration_is_read_as_seconds(written: object, seconds: float) -> None:
    parsed = parse(written)

    assert parsed == seconds
    assert type(parsed) is float


@pytest.mark.parametrize(
    "written",
    [
        *["", " ", "soon", "10", "5x", "-5s", "5m-3s", "1,5h", "h", "1.5.5s", "1m s", "s1", "\u00b2s", "9" * 13 + "s"],
        *[-1, -0.5, float("nan"), float("inf"), 1e300, pytest.param(10**400, id="huge"), "999999999999d"],
        *[True, None, [], {}],
    ],
)
def test_anything_else_is_refused_with_a_reason(written: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse(written)


@given(JSON_VALUES)
def test_anything_at_all_is_a_duration_or_refused(written: object) -> None:
    try:
        assert 0 <= parse(written) <= LONGEST
    except ValueError as error:
        reason = str(error)
        assert reason


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.42, "420 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (1, "1 s"),
        (4.2, "4.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3599.6, "1 h"),
        (7500, "2 h 5 min"),
        (86_399, "1 d"),
        (273_600, "3 d 4 h"),
        (-4.2, "-4.2 s"),
    ],
)
def test_a_duration_for_people_has_two_units_at_most(seconds: float, text: str) -> None:
    assert human(seconds) == text


@given(st.floats(0, LONGEST))
def test_a_duration_for_people_is_within_a_part_in_twenty(seconds: float) -> None:
    words = human(seconds).split()
    units = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
    read = sum(float(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))

    assert abs(read - seconds) <= max(0.05 * seconds, 0.0005)
