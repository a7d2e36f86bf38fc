"""How an attempt hears that it has to end, whichever process carries it out.

The flow's process keeps one exchange for its run. An attempt in the same process enters it
directly; one in another process of this machine through a Unix socket, which is open as long as
the attempt lasts: that it closes means that the flow's process is gone, and the attempt ends. One
on another machine finds no such socket, and asks the API (``distant``).

Each attempt may begin once. Dask and Ray carry out again, unasked, what was under way on a worker
that died; whether and when that is right is for the plan to say.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from taskgraph_core.engine.single.desk import Desk

    End = Callable[[], object]
    Distant = Callable[[Future[str], End], Coroutine[Any, Any, None]]

Word = Literal["go", "stop", "again", "lost"]
"""What an attempt is told: begin; do not; it has begun before; nobody is there who wants it."""

_HERE: dict[str, Exchange] = {}


class Exchange:
    """Knows which attempts of a run have begun and which have to end.

    Args:
        address: names it in this process; the path of its socket, if it gets one.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = Lock()
        self._ends: dict[str, End] = {}
        self._begun: set[str] = set()
        self._stopped: set[str] = set()
        self._server: asyncio.Server | None = None
        _HERE[address] = self

    def enter(self, key: str, end: End) -> Word:
        """Begin an attempt; ``end`` is called, from any thread, when it has to end."""
        with self._lock:
            if key in self._begun:
                return "again"
            if key in self._stopped:
                return "stop"
            self._begun.add(key)
            self._ends[key] = end
            return "go"

    def leave(self, key: str) -> None:
        """The attempt has ended."""
        with self._lock:
            self._ends.pop(key, None)

    def has_begun(self, key: str) -> bool:
        """Whether an attempt was told to go."""
        return key in self._begun

    def stop(self, key: str) -> bool:
        """Have an attempt end, or never begin; whether it could be told, now or when it asks to begin."""
        with self._lock:
            self._stopped.add(key)
            end = self._ends.get(key)
        if end is not None:
            end()
        return end is not None

    def open(self, desk: Desk) -> None:
        """Let other processes enter, through a socket at the address."""

        async def listen() -> asyncio.Server:
            return await asyncio.start_unix_server(self._serve, self.address)

        self._server = desk.submit(listen()).result()
        self._desk = desk

    def close(self) -> None:
        """Nobody enters any more."""
        _HERE.pop(self.address, None)
        if self._server is not None:
            server = self._server

            async def shut() -> None:
                server.close()

            self._desk.submit(shut()).result()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()

        def tell(word: str) -> None:
            if not writer.is_closing():
                writer.write(f"{word}\n".encode())

        with suppress(OSError):
            key = (await reader.readline()).decode().removesuffix("\n")
            word = self.enter(key, lambda: loop.call_soon_threadsafe(tell, "stop"))
            tell(word)
            await reader.read()  # until it has ended, or its process has
            if word == "go":
                self.leave(key)
        writer.close()


@contextmanager
def heeded(address: str, key: str, end: End, desk: Callable[[], Desk], distant: Distant) -> Iterator[str]:
    """Be told whether to begin, and have ``end`` called when the attempt has to end before the block does.

    Args:
        address: of the run's exchange.
        key: the attempt's.
        end: see above; called from any thread.
        desk: where listening is done, if it has to be.
        distant: listens where there is no socket at the address: sets the first word, and calls ``end``.
    """
    exchange = _HERE.get(address)
    if exchange is not None:
        word: str = exchange.enter(key, end)
        try:
            yield word
        finally:
            if word == "go":
                exchange.leave(key)
        return
    first: Future[str] = Future()
    listening = desk().submit(_listen(address, key, end, first, distant))
    try:
        yield first.result()
    finally:
        listening.cancel()


def is_here(address: str) -> bool:
    """Whether this is the flow's own process."""
    return address in _HERE


async def _listen(address: str, key: str, end: End, first: Future[str], distant: Distant) -> None:
    try:
        reader, writer = await asyncio.open_unix_connection(address)
    except FileNotFoundError:
        await distant(first, end)
        return
    except OSError:
        first.set_result("lost")
        return
    try:
        writer.write(f"{key}\n".encode())
        first.set_result((await reader.readline()).decode().strip() or "lost")
        await reader.readline()
        end()
    except OSError:
        end()
    finally:
        if not first.done():
            first.set_result("lost")
        writer.close()


def socket_in(folder: Path) -> str:
    """The address of an exchange whose socket lies in a folder."""
    return str(folder / "exchange")
