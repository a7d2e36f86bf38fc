from __future__ import annotations

from typing import Any

from prefect_integration.local.occupancy import peak, span


def ran(start: int | None, end: int | None, *tags: str) -> dict[str, Any]:
    """A task run as the API gives it."""
    times = [None if second is None else f"2026-01-01T00:00:{second:02}.5Z" for second in (start, end)]
    return {"start_time": times[0], "end_time": times[1], "tags": ["task:1", *tags]}


def test_the_most_at_once_is_counted_for_each_resource_by_itself() -> None:
    task_runs = [ran(0, 4, "resource:db"), ran(1, 2, "resource:db", "resource:gpu"), ran(3, 5, "resource:gpu")]

    assert peak(task_runs) == {"resource:db": 2, "resource:gpu": 1}


def test_where_one_ends_as_another_starts_they_do_not_meet() -> None:
    assert peak([ran(0, 1, "resource:db"), ran(1, 2, "resource:db")]) == {"resource:db": 1}


def test_what_still_runs_holds_on_and_what_never_began_holds_nothing() -> None:
    task_runs = [ran(0, None, "resource:db"), ran(40, 41, "resource:db"), ran(None, 41, "resource:db")]

    assert peak(task_runs) == {"resource:db": 2}
    assert span(task_runs[2]) is None
