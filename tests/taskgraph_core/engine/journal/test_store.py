from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.engine.events import LimitChanged, RunResumed, TaskStarted
from taskgraph_core.engine.journal import read
from taskgraph_core.engine.journal import store as store_module
from taskgraph_core.engine.journal.reading import contents
from taskgraph_core.engine.journal.store import JournalFile, create
from taskgraph_core.engine.journal.story import Life
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taskgraph_core.engine.events import Event

    from .conftest import Left

LIFE = Life(100.0, "run", "graph", "f" * 16, "local", 4)


def started(number: int) -> list[Event]:
    """A batch of a few hundred bytes."""
    return [TaskStarted(100.0 + number, f"{number}.{part}" + 20 * "x", 1) for part in range(5)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    with JournalFile(tmp_path, create(tmp_path, LIFE)) as opened:
        yield opened


def test_what_was_written_is_there_while_the_journal_is_open_and_after(journal: JournalFile, tmp_path: Path) -> None:
    events = [started(number) for number in range(50)]
    for batch in events:
        journal.write(batch)

    whole = [event for batch in events for event in batch]
    assert read(tmp_path).events == whole
    journal.close()
    assert read(tmp_path).events == whole


def test_a_closed_journal_is_one_file(journal: JournalFile, tmp_path: Path) -> None:
    journal.write(started(1))
    assert (tmp_path / "journal.db-wal").stat().st_size
    journal.close()

    assert [place.name for place in tmp_path.iterdir()] == ["journal.db"]


def test_a_new_journal_says_who_began(journal: JournalFile, tmp_path: Path) -> None:
    story = read(tmp_path)

    assert (story.run_id, story.graph_id, story.fingerprint, story.system) == ("run", "graph", "f" * 16, "local")
    assert (story.started, story.max_parallel, story.ended, story.events) == (100.0, 4, None, [])


def test_a_later_life_goes_on_where_the_first_ended(journal: JournalFile, tmp_path: Path) -> None:
    journal.write(started(1))
    journal.close()
    resumed = RunResumed(200.0, forget=("1",))
    with JournalFile(tmp_path, contents(tmp_path)) as second:
        second.write_life(Life(200.0, "run", "graph", "e" * 16, "local", 2), [resumed])
        second.write([LimitChanged(205.0, 1)])

    story = read(tmp_path)
    assert story.events == [*started(1), resumed, LimitChanged(205.0, 1)]
    assert story.fingerprints == ["f" * 16, "e" * 16]
    assert story.max_parallel == 2
    assert story.active == 1.0 + 5.0


def test_a_journal_that_changed_after_it_was_read_is_not_written(journal: JournalFile, tmp_path: Path) -> None:
    before = contents(tmp_path)
    journal.write(started(1))
    journal.close()

    with pytest.raises(EngineError, match="changed while it was read"):
        JournalFile(tmp_path, before)


def test_a_long_log_is_copied_into_the_database_meanwhile(
    journal: JournalFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LOG_LIMIT", 20_000)
    longest = 0
    for number in range(100):
        journal.write(started(number))
        longest = max(longest, (tmp_path / "journal.db-wal").stat().st_size)
        assert len(read(tmp_path).events) == 5 * (number + 1)

    assert longest < 40_000


def test_a_torn_end_is_repaired_when_the_journal_is_opened_again(left: Left, tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(left.database)
    (tmp_path / "journal.db-wal").write_bytes(left.log[:-100])
    before = contents(tmp_path)
    assert before.story.torn

    with JournalFile(tmp_path, before) as opened:
        opened.write(started(1))

    story = read(tmp_path)
    assert not story.torn
    assert story.events == [*before.story.events, *started(1)]


def test_people_can_look_into_it_with_sqlite(journal: JournalFile, tmp_path: Path) -> None:
    journal.write(started(1))
    journal.close()

    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM batch ORDER BY number")]

    assert '["start",101.0,"1.0' in bodies[1]


# --- a disk that is full ----------------------------------------------------------------------


@pytest.mark.parametrize("pages", range(3, 12))
def test_a_batch_that_finds_no_room_is_not_recorded_and_all_before_it_are(tmp_path: Path, pages: int) -> None:
    acknowledged: list[Event] = []
    with JournalFile(tmp_path, create(tmp_path, LIFE)) as journal:
        journal._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(EngineError, match="full") as error:  # noqa: PT012 - any of them may be the one
            for number in range(100):
                journal.write(started(number))
                acknowledged += started(number)
        assert "--resume" in error.value.fix
        assert read(tmp_path).events == acknowledged

    assert read(tmp_path).events == acknowledged
    with JournalFile(tmp_path, contents(tmp_path)) as journal:
        journal.write(started(0))
    assert read(tmp_path).events == [*acknowledged, *started(0)]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [*range(0, 80, 8), *range(1_000, 9_000, 200)])
def test_after_a_batch_that_found_no_room_a_smaller_one_may_find_some(tmp_path: Path, size: int) -> None:
    acknowledged: list[Event] = []
    with JournalFile(tmp_path, create(tmp_path, LIFE)) as journal:
        with files_no_longer_than(size):
            for length in (200, 200, 600, 3000, 20):
                event = TaskStarted(100.0, length * "x", 1)
                with suppress(EngineError):
                    journal.write([event])
                    acknowledged.append(event)
        assert read(tmp_path).events == acknowledged

    assert read(tmp_path).events == acknowledged


WRITER = """
from pathlib import Path
from taskgraph_core.engine.events import TaskStarted
from taskgraph_core.engine.journal.store import JournalFile, create
from taskgraph_core.engine.journal.story import Life

folder = Path.cwd()
journal = JournalFile(folder, create(folder, Life(100.0, "run", "graph", "f" * 16, "local", 4)))
for number in range(10**9):
    journal.write([TaskStarted(100.0, str(number), 1)])
    print(number, flush=True)
"""


def test_a_journal_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer, writer.stdout:
        acknowledged = [next(writer.stdout).strip() for _ in range(500)]
        writer.kill()
        acknowledged += writer.stdout.read().split()

    recorded = [event.task_id for event in read(tmp_path).events if isinstance(event, TaskStarted)]
    assert recorded[: len(acknowledged)] == acknowledged
    assert len(recorded) <= len(acknowledged) + 1


def test_a_folder_that_is_gone_is_an_error_with_a_place(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be written") as error:
        create(tmp_path / "gone", LIFE)
    assert error.value.where == os.fspath(tmp_path / "gone/journal.db")
