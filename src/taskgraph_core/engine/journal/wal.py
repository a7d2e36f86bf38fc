"""SQLite's write-ahead log, read frame by frame: what is committed in it, and what follows the first bad frame.

SQLite itself stops at the first frame whose checksum is wrong and forgets whatever comes after, without a
word. A crash leaves just that, and so does a flipped bit in the middle. The difference is what lies beyond,
so this looks there.

Format: https://www.sqlite.org/fileformat2.html#walformat. Nothing in the file is stale: the journal cuts it to
nothing whenever it is copied into the database, and cuts off what a transaction that failed has left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

HEADER = 32
FRAME_HEADER = 24

_MAGIC = 0x377F0682
_VERSION = 3007000
_WORD = 0xFFFFFFFF


@dataclass(slots=True)
class Log:
    """What a write-ahead log holds.

    Attributes:
        salts: tell this log from what was in the file before it; empty if there is none.
        pages: number of a database page to its newest committed content.
        size: pages the database has after the last commit; zero if there is none.
        page_size: bytes of a page.
        end: offset behind the last good frame.
        committed: offset behind the last transaction.
        broken: whether a whole frame, or a whole header, follows that is not right. A process that died in the middle
            of writing leaves a part of a frame, never that.
        acknowledged: whether whole transactions follow the one that is broken.
        torn: whether a part of a frame, or of a transaction, is left over at the end.
    """

    salts: bytes = b""
    pages: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    page_size: int = 0
    end: int = 0
    committed: int = 0
    broken: bool = False
    acknowledged: bool = False
    torn: bool = False


def parse(data: bytes) -> Log:
    """Read a log, whatever state it is in."""
    log = Log()
    if len(data) < HEADER:
        log.torn = bool(data)
        return log
    magic, version, page_size, _, *_ = struct.unpack_from(">8I", data)
    order = ">" if magic & 1 else "<"
    sums = _checksum(data[:24], order, (0, 0))
    if magic & ~1 != _MAGIC or version != _VERSION or sums != struct.unpack_from(">2I", data, 24):
        log.broken = any(data)
        log.acknowledged = log.broken and len(data) > HEADER
        return log
    log.salts, log.page_size, log.end, log.committed = data[16:24], page_size, HEADER, HEADER
    step = FRAME_HEADER + page_size
    uncommitted: dict[int, bytes] = {}
    for start in range(HEADER, len(data) - step + 1, step):
        number, size = struct.unpack_from(">2I", data, start)
        page = data[start + FRAME_HEADER : start + step]
        sums = _checksum(page, order, _checksum(data[start : start + 8], order, sums))
        if (
            not number
            or data[start + 8 : start + 16] != log.salts
            or sums != struct.unpack_from(">2I", data, start + 16)
        ):
            log.broken = any(data[start:])
            log.acknowledged = _commits(data[start:], log.salts, step) > 1
            break
        log.end = start + step
        uncommitted[number] = page
        if size:
            log.pages |= uncommitted
            log.size, log.committed = size, log.end
            uncommitted.clear()
    log.torn = log.committed < len(data)
    return log


def _commits(rest: bytes, salts: bytes, step: int) -> int:
    """Frames that end a transaction of this log, by what their headers say."""
    starts = range(0, len(rest) - step + 1, step)
    return sum(rest[start + 8 : start + 16] == salts and any(rest[start + 4 : start + 8]) for start in starts)


def _checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    """SQLite's running checksum over pairs of words."""
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & _WORD
        second = (second + other + first) & _WORD
    return first, second
