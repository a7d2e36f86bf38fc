"""Orders to an engine that runs: a named pipe in the run's folder, one JSON object a line.

The engine holds the pipe open, so a pipe that nobody reads says that no engine lives. Only the run's owner may
write to it. What is no order is ignored: whoever gave one sees in the journal whether it was carried out.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PIPE = "control"
"""Name of the pipe in a run's folder."""

LONGEST = 4096
"""Bytes of an order, its newline included, at most: so many are written in one piece."""

MOST_PARALLEL = 1_000_000

Kind = Literal["cancel", "pause", "resume", "limit"]


class Order(NamedTuple):
    """What somebody wants of a run; ``parallel`` goes with ``limit``: most tasks at once."""

    kind: Kind
    parallel: int = 0

    def line(self) -> bytes:
        """The order as it is sent."""
        number = {"parallel": self.parallel} if self.kind == "limit" else {}
        return json.dumps({"order": self.kind, **number}).encode() + b"\n"


def order_of(line: bytes) -> Order | None:
    """The order in a line; None if it is none."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("order") not in get_args(Kind):
        return None
    if content["order"] != "limit":
        return Order(content["order"])
    parallel = content.get("parallel")
    if type(parallel) is not int or not 1 <= parallel <= MOST_PARALLEL:
        return None
    return Order("limit", parallel)


def send(directory: Path, order: Order) -> bool:
    """Give an order to the engine of a run; False if none lives that hears it.

    Raises:
        OSError: the system refuses, for instance because the run is somebody else's.
    """
    try:
        pipe = os.open(directory / PIPE, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno == errno.ENXIO:  # nobody reads
            return False
        raise
    try:
        if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
            return False
        return os.write(pipe, order.line()) > 0
    finally:
        os.close(pipe)


@contextmanager
def orders(directory: Path, heed: Callable[[Order], None]) -> Iterator[None]:
    """Call ``heed`` in the running event loop for each order, as long as this is open.

    Where no named pipe can be made (some network file systems), nobody can give orders, and the run goes on.
    """
    place = directory / PIPE
    try:
        place.unlink(missing_ok=True)  # of an engine that was killed
        os.mkfifo(place, 0o600)
        # Open for writing as well, which keeps it from ending whenever a writer closes.
        pipe = os.open(place, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(pipe, _Lines(pipe, heed))
    try:
        yield
    finally:
        loop.remove_reader(pipe)
        os.close(pipe)
        with suppress(OSError):
            place.unlink()


class _Lines:
    """Reads what there is, and passes on the orders in it."""

    def __init__(self, pipe: int, heed: Callable[[Order], None]) -> None:
        self._pipe = pipe
        self._heed = heed
        self._rest = b""

    def __call__(self) -> None:
        with suppress(BlockingIOError):
            self._rest += os.read(self._pipe, 16 * LONGEST)
        *lines, self._rest = self._rest.split(b"\n")
        self._rest = self._rest[:LONGEST]  # longer than any order: it will be none when its end comes
        for line in lines:
            order = order_of(line)
            if order is not None:
                self._heed(order)
