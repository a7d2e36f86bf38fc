"""When tasks ran, and how full their pools were at most: read from Airflow's metadata database.

Airflow's REST API has the same numbers, but this is what its scheduler itself goes by.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from taskgraph_core.errors import EngineError
from taskgraph_core.servers import occupancy
from taskgraph_core.servers.occupancy import Hold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_COLUMNS = "dag_id, task_id, try_number, pool, pool_slots, start_date, end_date, run_id, map_index"


@dataclass(frozen=True, slots=True)
class Interval:
    """One attempt of a task, and the slots of its pool that it held from ``start`` until ``end``.

    What still runs ends at the end of time. A wait that gives its place back meanwhile, deferred or
    rescheduled, is one interval from its first start, so of such tasks it says too much.
    """

    dag_id: str
    task_id: str
    attempt: int
    pool: str
    slots: int
    start: datetime
    end: datetime


def intervals(database_url: str, dag_ids: Collection[str]) -> list[Interval]:
    """Every attempt of these DAGs' tasks that began, in all their runs, in order of their starts.

    Args:
        database_url: in SQLAlchemy's form, of SQLite or PostgreSQL.
        dag_ids: which DAGs.

    Raises:
        EngineError: it is a database of another kind.
    """
    found = {}
    # An attempt that failed stands in the history, and for a while in the task's own row as well.
    for table in ("task_instance_history", "task_instance"):
        query = f"SELECT {_COLUMNS} FROM {table} WHERE start_date IS NOT NULL"  # noqa: S608 - names of ours
        for dag_id, task_id, attempt, pool, slots, start, end, run_id, index in _rows(database_url, query):
            if dag_id in dag_ids:
                began, ended = _time(start), _time(end) if end else datetime.max.replace(tzinfo=UTC)
                key = (dag_id, run_id, task_id, index, began)
                found[key] = Interval(dag_id, task_id, attempt, pool, slots, began, ended)
    return sorted(found.values(), key=lambda interval: (interval.start, interval.dag_id, interval.task_id))


def peak(taken: Iterable[Interval]) -> dict[str, int]:
    """The most slots of each pool that were held at one moment.

    Airflow ends what does nothing as it begins, without a slot.
    """
    return occupancy.peak(Hold(each.pool, each.slots, each.start, each.end) for each in taken)


def _rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    scheme = urlsplit(database_url).scheme.partition("+")[0]
    if scheme == "sqlite":
        place = database_url.partition(":///")[2]
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=60)) as database:
            return database.execute(query).fetchall()
    if scheme in ("postgresql", "postgres"):
        import psycopg2  # noqa: PLC0415 - only where the database is one of PostgreSQL

        plain = f"postgresql://{database_url.partition('://')[2]}"
        with closing(psycopg2.connect(plain)) as database, database.cursor() as cursor:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found
    msg = f"a database of the kind {scheme!r} cannot be read"
    raise EngineError(msg, fix="use SQLite or PostgreSQL")


def _time(stored: object) -> datetime:
    """SQLite holds times as text, and without the zone, which is UTC."""
    time = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return time if time.tzinfo else time.replace(tzinfo=UTC)
