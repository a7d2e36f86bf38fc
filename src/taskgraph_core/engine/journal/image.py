"""The rows of a journal, read from the bytes of its two files: nothing is opened, locked, repaired or written.

So a journal can be read while an engine writes it, and looked at before SQLite, which repairs silently, touches it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from taskgraph_core.engine.journal.codec import Row
    from taskgraph_core.engine.journal.wal import Log

_READ_WRITE_VERSIONS = slice(18, 20)
_WITHOUT_LOG = b"\1\1"
_LEAST = 100
"""Bytes of a database's header."""


class DamagedError(Exception):
    """The bytes are not what was written; the message says what is wrong."""


def chained(body: str, chain: int, number: int) -> int:
    """The checksum of a batch of events, which is also one of all batches before it."""
    return crc32(body.encode(), crc32(number.to_bytes(8), chain))


def batches(database: bytes, log: Log) -> tuple[list[Row], int, int]:
    """All rows in order, the number of batches they were written in, and the last checksum of the chain.

    Raises:
        DamagedError: the database or the chain is broken.
    """
    image = _with_log(database, log)
    if len(image) < _LEAST:
        msg = "it is empty"
        raise DamagedError(msg)
    image[_READ_WRITE_VERSIONS] = _WITHOUT_LOG
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(bytes(image))
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                msg = f"the database says: {' '.join(str(verdict).split())}"
                raise DamagedError(msg)
            return _linked(connection.execute("SELECT number, body, chain FROM batch ORDER BY number").fetchall())
    except (sqlite3.Error, UnicodeDecodeError) as error:
        msg = f"the database says: {error}"
        raise DamagedError(msg) from error


def _with_log(database: bytes, log: Log) -> bytearray:
    """The database as it is once its log is copied into it."""
    image = bytearray(database)
    if not log.pages:
        return image
    whole = log.size * log.page_size
    image += bytes(max(0, whole - len(image)))
    for number, page in log.pages.items():
        image[(number - 1) * log.page_size : number * log.page_size] = page
    del image[whole:]
    return image


def _linked(found: list[tuple[int, Any, int]]) -> tuple[list[Row], int, int]:
    rows: list[Row] = []
    chain = 0
    for expected, (number, body, written) in enumerate(found, start=1):
        if number != expected:
            msg = f"batch {expected} of its events is missing"
            raise DamagedError(msg)
        if not isinstance(body, str) or (chain := chained(body, chain, number)) != written:
            msg = f"batch {number} of its events is not what was written"
            raise DamagedError(msg)
        rows += json.loads(body)
    return rows, len(found), chain
