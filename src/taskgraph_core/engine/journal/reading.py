"""Reading a journal: of a run that lives, that died or that ended; nothing is changed and nobody disturbed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.engine.journal.image import DamagedError, batches
from taskgraph_core.engine.journal.story import Story, tell
from taskgraph_core.engine.journal.wal import Log, parse
from taskgraph_core.engine.resuming.lock import boot_id, is_held
from taskgraph_core.engine.rundir import JOURNAL
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

_TRIES = 20
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Contents:
    """A story, and where the next batch is linked to it."""

    story: Story
    batches: int
    chain: int


def read(directory: Path) -> Story:
    """The story of a run, from the journal in its folder.

    Raises:
        EngineError: there is none, or it is damaged.
    """
    return contents(directory).story


def contents(directory: Path) -> Contents:
    """As ``read``, with what a writer needs to go on."""
    place = directory / JOURNAL
    for tries_left in reversed(range(_TRIES)):
        try:
            return understood(*_snapshot(place))
        except FileNotFoundError as error:
            msg = "the run has no journal"
            raise EngineError(msg, where=str(place), fix="start a new run") from error
        except OSError as error:
            msg = f"the journal cannot be read: {error.strerror}"
            raise EngineError(msg, where=str(place), fix="make it readable, and look at the disk") from error
        except DamagedError as error:
            if tries_left and is_held(directory):  # an engine is writing: look again
                time.sleep(_PAUSE)
                continue
            msg = f"the journal is damaged: {error}"
            fix = "bring it back from a backup (journal.db and journal.db-wal), or start a new run"
            raise EngineError(msg, where=str(place), fix=fix) from error
    raise AssertionError


def _snapshot(place: Path) -> tuple[bytes, Log]:
    """Both files as they were at one moment.

    The log is copied into the database while the log is still there, and is cut to nothing only then. So a database
    read *before* a log that was not cut meanwhile is one that this log completes.
    """
    wal = place.with_name(f"{JOURNAL}-wal")
    for _ in range(_TRIES):
        before = _beginning(wal), place.stat().st_mtime_ns
        database = place.read_bytes()
        log = _bytes(wal)
        if (log[:32], place.stat().st_mtime_ns) == before or (not before[0] and not log):
            break
        time.sleep(_PAUSE)
    return database, parse(log)


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return b""


def _beginning(place: Path) -> bytes:
    try:
        with place.open("rb") as stream:
            return stream.read(32)
    except FileNotFoundError:
        return b""


def understood(database: bytes, log: Log) -> Contents:
    """What the bytes of the two files tell.

    Raises:
        DamagedError: something is lost, or not what was written.
    """
    rows, number, chain = batches(database, log)
    try:
        story = tell(rows)
    except (LookupError, TypeError, ValueError) as error:
        msg = f"its events cannot be understood: {error}"
        raise DamagedError(msg) from error
    if log.broken and not _torn_by_power(story, log):
        msg = f"what was written behind byte {log.end} of {JOURNAL}-wal cannot be read, though it had been recorded"
        raise DamagedError(msg)
    story.torn = log.broken or log.torn
    return Contents(story, number, chain)


def _torn_by_power(story: Story, log: Log) -> bool:
    """Whether a broken frame is what a machine that went down leaves, rather than damage.

    A process that is killed leaves whole frames in order and a part of one. A machine may write later frames and
    lose earlier ones, of those that were not synced: any, or where the run was durable those of the last transaction.
    """
    now = boot_id()
    went_down = bool(story.boot and now and story.boot != now)
    return went_down and not (story.durable and log.acknowledged)
