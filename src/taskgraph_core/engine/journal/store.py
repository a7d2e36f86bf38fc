"""Writing a journal: one SQLite transaction for each batch of events."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Self

from taskgraph_core.engine.journal.codec import dumps, encode
from taskgraph_core.engine.journal.image import chained
from taskgraph_core.engine.journal.reading import Contents, contents
from taskgraph_core.engine.journal.story import tell
from taskgraph_core.engine.journal.sync import Syncer, sync_folders
from taskgraph_core.engine.journal.wal import parse
from taskgraph_core.engine.rundir import JOURNAL
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal.codec import Row
    from taskgraph_core.engine.journal.story import Life

PAGE = 1024
"""Bytes of a page: a commit writes whole pages, and most batches are small."""

LOG_LIMIT = 8 * 2**20
"""Bytes after which the log is copied into the database, so that it is soon read again after a crash."""

GO_ON = "free space on the disk, then 'taskgraph run SPEC --resume'"
"""What to do about a journal that could not be written any more."""

_TABLE = "CREATE TABLE batch (number INTEGER PRIMARY KEY, body TEXT NOT NULL, chain INTEGER NOT NULL)"
_INSERT = "INSERT INTO batch VALUES (?, ?, ?)"


def create(directory: Path, life: Life) -> Contents:
    """Make the journal of a new run, which says that this engine begins it; whole or not at all.

    Raises:
        EngineError: the disk refuses.
    """
    body = dumps([life.row()])
    chain = chained(body, 0, 1)
    place = directory / JOURNAL
    draft = place.with_name(f".{JOURNAL}.new")
    with _explained(place, "free space on the disk, and start the run again"):
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size={PAGE}")
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute(f"PRAGMA synchronous={'FULL' if life.durable else 'OFF'}")
            connection.execute(_TABLE)
            connection.execute(_INSERT, (1, body, chain))
        draft.rename(place)
        if life.durable:
            sync_folders(directory)
    return Contents(tell([life.row()]), 1, chain)


class JournalFile:
    """The journal of one run, open for writing; close it.

    What ``write`` was given survives the death of this process from the moment it returns. With ``durable`` it
    survives that of the machine too; without, what was written in the last second may not.

    Args:
        directory: the run's folder.
        before: what the journal holds.
        durable: sync every batch.

    Raises:
        EngineError: it cannot be opened, or is another than what was read.
    """

    def __init__(self, directory: Path, before: Contents, *, durable: bool = False) -> None:
        self._place = directory / JOURNAL
        self._log = directory / f"{JOURNAL}-wal"
        self._number, self._chain = before.batches, before.chain
        with _explained(self._place):
            self._connection = sqlite3.connect(self._place, isolation_level=None)
            try:
                self._prepare(durable=durable)
                self._syncer = Syncer([self._place, self._log])
            except BaseException:
                self._connection.close()
                raise
        self._execute = self._connection.execute
        self._log_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write_life(self, life: Life, events: Sequence[Event]) -> None:
        """Record that another engine takes the run up, and what comes first in that life.

        Raises:
            EngineError: it cannot be recorded.
        """
        self._append([life.row(), *encode(events)])

    def write(self, events: Sequence[Event], /) -> None:
        """Record events, all or none; see the class for how safe they are when this returns.

        Raises:
            EngineError: they cannot be recorded.
        """
        self._append(encode(events))
        if self._log_bytes > LOG_LIMIT:
            self._into_database()

    def close(self) -> None:
        """Leave one file, synced, and write no more; where the disk refuses, the log stays and nothing is lost."""
        with closing(self._connection), closing(self._syncer), suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _prepare(self, *, durable: bool) -> None:
        run = self._connection.execute
        if not (durable or self._log.exists()):
            run("PRAGMA synchronous=OFF")  # until there is a log: each sync takes milliseconds, and nothing is at stake
        run("PRAGMA locking_mode=EXCLUSIVE")  # readers read the files; so there is no file of shared memory
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA wal_autocheckpoint=0")  # else the log is begun again from its start, before stale frames
        run("PRAGMA cache_spill=OFF")  # a transaction is written once, at its end
        self._check()
        run("PRAGMA wal_checkpoint(TRUNCATE)")
        run(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")

    def _check(self) -> None:
        """What SQLite made of the files must be what was read."""
        last = self._connection.execute("SELECT number, chain FROM batch ORDER BY number DESC LIMIT 1").fetchone()
        if last != (self._number, self._chain):
            msg = "the journal changed while it was read"
            raise EngineError(msg, where=str(self._place), fix="see that no other program writes it, then try again")

    def _append(self, rows: list[Row]) -> None:
        body = dumps(rows)
        number = self._number + 1
        chain = chained(body, self._chain, number)
        try:
            self._execute(_INSERT, (number, body, chain))
        except sqlite3.Error as error:
            self._cut_off()
            raise _explanation(error, self._place) from error
        self._number, self._chain = number, chain
        self._log_bytes += len(body) + 2 * PAGE
        self._syncer.dirty = True

    def _cut_off(self) -> None:
        """Leave nothing of a transaction that failed: what is recorded next would lie before it, and look damaged."""
        try:
            if contents(self._place.parent).batches != self._number:  # it is there, and only its sync failed
                self._connection.close()
            else:
                os.truncate(self._log, parse(self._log.read_bytes()).committed)
        except (EngineError, OSError):
            self._connection.close()

    def _into_database(self) -> None:
        """Copy the log into the database; where the disk is full, later."""
        self._log_bytes = 0
        with suppress(sqlite3.Error):
            self._execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _explained(place: Path, fix: str = GO_ON) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _explanation(error, place, fix) from error


def _explanation(error: Exception, place: Path, fix: str = GO_ON) -> EngineError:
    return EngineError(f"the journal cannot be written: {error}", where=str(place), fix=fix)
