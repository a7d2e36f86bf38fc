from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.local.occupancy import Interval, intervals, peak
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = "dag_id, task_id, run_id, map_index, try_number, pool, pool_slots, start_date, end_date"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def interval(start: float, end: float, slots: int = 1, pool: str = "db") -> Interval:
    return Interval("dag", "task", 1, pool, slots, at(start), at(end))


def stored(seconds: float | None) -> str | None:
    """A time as Airflow puts it into SQLite: text without a zone."""
    return None if seconds is None else at(seconds).strftime("%Y-%m-%d %H:%M:%S.%f")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with two attempts of a task, one that runs, one that never began, and one of another DAG."""
    rows = {
        "task_instance_history": [("x", "a", "r", -1, 1, "db", 2, stored(0), stored(1))],
        "task_instance": [
            ("x", "a", "r", -1, 2, "db", 2, stored(2), stored(3.5)),
            ("x", "b", "r", -1, 1, "db", 1, stored(1), None),
            ("x", "c", "r", -1, 0, "db", 1, None, None),
            ("y", "a", "r", -1, 1, "db", 1, stored(0), stored(9)),
        ],
    }
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as database, database:
        for table, content in rows.items():
            database.execute(f"CREATE TABLE {table} ({ROW})")
            database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", content)  # noqa: S608
    return f"sqlite:///{tmp_path / 'airflow.db'}"


def test_every_attempt_that_began_is_read(url: str) -> None:
    assert [(each.task_id, each.attempt, each.slots, each.start) for each in intervals(url, ["x"])] == [
        ("a", 1, 2, at(0)),
        ("b", 1, 1, at(1)),
        ("a", 2, 2, at(2)),
    ]
    assert [each.end for each in intervals(url, ["x"])][::2] == [at(1), at(3.5)]


def test_what_still_runs_has_no_end(url: str) -> None:
    (running,) = (each for each in intervals(url, ["x"]) if each.task_id == "b")

    assert running.end > at(10**9)


def test_an_attempt_that_waits_for_its_retry_counts_once(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as database, database:
        database.execute(f"INSERT INTO task_instance SELECT {ROW} FROM task_instance_history")  # noqa: S608

    assert [each.attempt for each in intervals(url, ["x"]) if each.task_id == "a"] == [1, 2]


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(EngineError, match="mysql"):
        intervals("mysql://localhost/airflow", ["x"])


def test_slots_held_at_one_moment_add_up_for_each_pool() -> None:
    taken = [interval(0, 2), interval(1, 3, 2), interval(2, 4, 2), interval(0, 9, 1, "other")]

    assert peak(taken) == {"db": 4, "other": 1}


def test_where_one_ends_as_another_starts_they_do_not_meet() -> None:
    assert peak([interval(0, 1), interval(1, 2)]) == {"db": 1}


def test_what_takes_no_time_takes_no_slot() -> None:
    assert peak([interval(1, 1), interval(0, 2)]) == {"db": 1}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(1, 3)), max_size=8))
def test_the_peak_is_what_counting_at_every_moment_finds(spans: list[tuple[int, int, int]]) -> None:
    taken = [interval(start, start + length, slots) for start, length, slots in spans]
    held = [sum(slots for start, length, slots in spans if start <= moment < start + length) for moment in range(15)]

    assert peak(taken).get("db", 0) == max(held)
