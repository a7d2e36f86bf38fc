"""What happened in a run, kept so that a later life of the same flow run goes on from there.

The rows are those of the local engine's journal, as JSON. They go where Prefect keeps results,
which knows whole files only: so many rows as there are to write become one file, numbered on,
in a folder of the flow run and the graph's fingerprint. A changed plan finds nothing there.

One thread writes, so that a slow storage does not hold up the run. It writes at once what comes
after a pause, and what comes close after that together: hundreds of small tasks a second cost a
few files.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Protocol

from taskgraph_core.engine.journal.codec import ENDED, dumps, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal.codec import Row

REST = 0.05
"""Seconds between two files: of what ended in that time, a killed flow may not know."""

PATIENCE = 30.0
"""Longest time in seconds to wait for the storage where something depends on it."""


class Storage(Protocol):
    """Whole files by name, such as Prefect's result storages."""

    def read(self, name: str) -> bytes:
        """The file's content; any exception if there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Make or replace a file."""


class Files:
    """The rows of one run as numbered files of a storage.

    Args:
        storage: where.
        folder: in front of every name.
    """

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage = storage
        self._folder = folder
        self._number = 0

    def try_out(self) -> None:
        """Write a file that says nothing; whatever that raises means that the storage is out of reach."""
        self._storage.write(f"{self._folder}/begun.json", b"[]")

    def read(self) -> list[Row]:
        """All rows; the next file follows the last that was completely written."""
        rows: list[Row] = []
        while True:
            try:
                more = json.loads(self._storage.read(self._name()))
            except Exception:  # noqa: BLE001 - every storage has its own way to say that there is no such file
                return rows
            rows += more
            self._number += 1

    def write(self, rows: list[Row]) -> None:
        """One more file."""
        self._storage.write(self._name(), dumps(rows).encode())
        self._number += 1

    def _name(self) -> str:
        return f"{self._folder}/{self._number:06}.json"


class Journal:
    """Takes events and rows, in order, and has a thread write them.

    Args:
        write: writes rows; once it raised, nothing more is written, for nothing may be missing in between.
        failed: is told of that, once.
    """

    def __init__(self, write: Callable[[list[Row]], None], failed: Callable[[Exception], None]) -> None:
        self._write = write
        self._failed = failed
        self._changed = threading.Condition()
        self._events: list[Event | Row] = []
        self._urgent = False
        self._busy = False
        self._closed = False
        self._broken = False
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def add(self, *events: Event | Row) -> None:
        """Have events written, soon."""
        with self._changed:
            if not self._broken:
                self._events += events
                self._changed.notify_all()

    def end(self, time: float, state: str) -> None:
        """The run has come to its end: whoever takes it up again tries anew what failed."""
        self.add([ENDED, time, state])

    def flush(self) -> None:
        """Wait until everything is written, or the storage has had its time."""
        with self._changed:
            self._urgent = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._events or self._busy), PATIENCE)

    def close(self) -> None:
        """Write what is left, and end the thread."""
        self.flush()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._closed)
                if not self._events:
                    return
                events, self._events, self._busy = self._events, [], True
            error = self._attempt(events)
            with self._changed:
                self._busy = False
                if error is not None:
                    self._broken = True
                    self._events = []
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._urgent or self._closed, REST)
                self._urgent = False
            if error is not None:
                self._failed(error)
                return

    def _attempt(self, events: Sequence[Event | Row]) -> Exception | None:
        try:
            self._write([event if isinstance(event, list) else encode([event])[0] for event in events])
        except Exception as error:  # noqa: BLE001 - whatever a storage raises, the run goes on
            return error
        return None
