"""Every way a file can be cut or changed: what is left is told truly, or refused."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.engine.journal import read
from taskgraph_core.engine.journal.image import DamagedError
from taskgraph_core.engine.journal.reading import understood
from taskgraph_core.engine.journal.store import PAGE
from taskgraph_core.engine.journal.wal import FRAME_HEADER, HEADER, parse
from taskgraph_core.errors import EngineError

from .conftest import Left, done

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.engine.journal import Story

FRAME = FRAME_HEADER + PAGE


def story_of(database: bytes, log: bytes) -> Story:
    return understood(database, parse(log)).story


def flipped(data: bytes, position: int, chance: random.Random) -> bytes:
    return data[:position] + bytes([data[position] ^ (1 << chance.randrange(8))]) + data[position + 1 :]


def test_the_log_holds_most_of_the_run(left: Left) -> None:
    assert len(left.log) > 8 * FRAME
    assert done(left.story.events) == {str(number) for number in range(1, 21)}
    assert left.story.ended == "success"


def test_a_log_that_is_cut_anywhere_is_read_up_to_there(left: Left) -> None:
    before = 0
    for length in range(len(left.log) + 1):
        story = story_of(left.database, left.log[:length])
        assert story.events == left.story.events[: len(story.events)]
        assert len(story.events) >= before
        assert story.torn == (length not in (0, HEADER) and (story.torn or (length - HEADER) % FRAME != 0))
        before = len(story.events)
    assert before == len(left.story.events)
    assert story.ended == "success"


def test_sqlite_sees_the_same_in_a_log_that_was_cut(left: Left, tmp_path: Path) -> None:
    for length in random.Random(1).sample(range(len(left.log)), 50):  # noqa: S311 - no secret
        place = tmp_path / f"{length}.db"
        place.write_bytes(left.database)
        place.with_name(f"{length}.db-wal").write_bytes(left.log[:length])
        with closing(sqlite3.connect(place)) as connection:
            last = connection.execute("SELECT number, chain FROM batch ORDER BY number DESC LIMIT 1").fetchone()
        found = understood(left.database, parse(left.log[:length]))
        assert (found.batches, found.chain) == last


def test_a_bit_that_changed_in_the_log_is_never_taken_for_an_end(left: Left) -> None:
    chance = random.Random(2)  # noqa: S311 - no secret
    sample = chance.sample(range(HEADER + FRAME, len(left.log)), 500)
    for position in [*range(HEADER + FRAME), *sample]:
        with pytest.raises(DamagedError):
            story_of(left.database, flipped(left.log, position, chance))


def test_a_bit_that_changed_in_the_database_is_noticed_or_without_meaning(left: Left, tmp_path: Path) -> None:
    database = closed(left, tmp_path)
    chance = random.Random(3)  # noqa: S311 - no secret
    refused = 0
    for position in range(len(database)):
        try:
            story = story_of(flipped(database, position, chance), b"")
        except DamagedError:
            refused += 1
        else:
            assert story == left.story
    assert refused > len(database) / 2


def closed(left: Left, folder: Path) -> bytes:
    """The database after its log was copied into it."""
    place = folder / "journal.db"
    place.write_bytes(left.database)
    place.with_name("journal.db-wal").write_bytes(left.log)
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return place.read_bytes()


@pytest.mark.parametrize("length", [0, 1, 50, 99, 100, 512, PAGE, 2 * PAGE - 1])
def test_a_database_that_was_cut_is_refused(left: Left, length: int) -> None:
    with pytest.raises(DamagedError):
        story_of(left.database[:length], b"")


def test_damage_says_what_where_and_what_to_do(left: Left, tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(left.database)
    (tmp_path / "journal.db-wal").write_bytes(flipped(left.log, HEADER + FRAME, random.Random(4)))  # noqa: S311

    with pytest.raises(EngineError, match="is damaged") as error:
        read(tmp_path)

    assert error.value.where == str(tmp_path / "journal.db")
    assert "backup" in error.value.fix


def test_a_missing_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no journal"):
        read(tmp_path)


# --- the machine itself went down: later writes may be there while earlier ones are not ------


@pytest.fixture
def _rebooted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskgraph_core.engine.journal.reading.boot_id", lambda: "another")


@pytest.mark.usefixtures("_rebooted")
def test_a_hole_that_a_power_failure_left_is_an_end(left: Left) -> None:
    hole = HEADER + 2 * FRAME
    story = story_of(left.database, left.log[:hole] + bytes(FRAME) + left.log[hole + FRAME :])

    assert story.torn
    assert story.events == left.story.events[: len(story.events)]
    assert len(story.events) < len(left.story.events)


@pytest.mark.usefixtures("_rebooted")
def test_a_hole_in_what_a_durable_run_had_synced_is_damage(tmp_path: Path, durable: Left) -> None:
    hole = HEADER
    with pytest.raises(DamagedError):
        story_of(durable.database, durable.log[:hole] + bytes(FRAME) + durable.log[hole + FRAME :])


@pytest.mark.usefixtures("_rebooted")
def test_the_last_batch_of_a_durable_run_was_not_acknowledged_when_it_is_torn(durable: Left) -> None:
    story = story_of(durable.database, durable.log[:-FRAME] + bytes(FRAME - 1) + b"x")

    assert story.torn
    assert story.ended is None
