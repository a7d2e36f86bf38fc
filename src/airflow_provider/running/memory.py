"""What processes leave each other of a resource: a small file, and who may change it.

    <folder>/api.json     the memory, written whole or not at all
    <folder>/api.lock     held by whoever reads and changes it, for a moment
    <folder>/api.probe    held by the attempt that tries whether a circuit may close, as long as it lasts

Both locks are the system's (``flock``): they end with the process that holds them, however that
ends, so the dead lock nobody out.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_provider.running.steady import Moment, shift
from taskgraph_core.engine.rundir import file_name
from taskgraph_core.errors import EngineError
from taskgraph_core.generate import replace_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Memory(BaseModel):
    """What is known of one resource; times are steady ones.

    Attributes:
        noted: when this was written.
        starts: the last starts, oldest first.
        window: the longest period that anybody counts starts in; older ones are forgotten.
        expected: when those who wait were told to come back.
        tickets: attempts let in so far; each has the next number.
        failures: attempts in a row that failed.
        opened: when the circuit opened; None while it is closed.
        changed: first number given out after the circuit last opened or closed: those before it count no more.
        probe: the attempt that tries whether it may close.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    noted: Moment = Moment(0.0, 0.0, "")
    starts: list[float] = []
    window: float = 0.0
    expected: list[float] = []
    tickets: int = 0
    failures: int = 0
    opened: float | None = None
    changed: int = 0
    probe: int | None = None

    def placed_at(self, moment: Moment) -> Memory:
        """As it reads at a later moment."""
        by = shift(self.noted, moment)
        return self.model_copy(
            update={
                "noted": moment,
                "starts": [one + by for one in self.starts if one + by > moment.steady - self.window],
                "expected": [one + by for one in self.expected if one + by > moment.steady],
                "opened": None if self.opened is None else self.opened + by,
            }
        )


class Place:
    """Where the memory of one resource lies, in a folder that all processes of the machine share."""

    def __init__(self, folder: Path, resource: str) -> None:
        self._stem = folder / file_name(resource)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from it.

        Raises:
            EngineError: the folder cannot be used.
        """
        handle = self._open("lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def read(self, moment: Moment) -> Memory:
        """What is remembered; nothing where nothing was, or where nobody can make sense of it."""
        try:
            memory = Memory.model_validate_json(self._file("json").read_bytes())
        except (OSError, ValidationError):
            return Memory(noted=moment)
        return memory.placed_at(moment)

    def write(self, memory: Memory) -> None:
        """Remember this.

        Raises:
            EngineError: the disk refuses.
        """
        place = self._file("json")
        try:
            replace_text(place, memory.model_dump_json())
        except OSError as error:
            raise _refused(place, error) from error

    def hold_probe(self) -> int | None:
        """Become the one who probes: a handle to give back with ``release``; None while another one does."""
        handle = self._open("probe")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def _open(self, kind: str) -> int:
        place = self._file(kind)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            return os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise _refused(place, error) from error

    def _file(self, kind: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}.{kind}")


def release(handle: int) -> None:
    """Let go of what ``hold_probe`` gave, also where a forked copy of this process still has it open."""
    fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def _refused(place: Path, error: OSError) -> EngineError:
    return EngineError(
        f"what limits a resource cannot be kept: {error.strerror}",
        where=str(place),
        fix="make the folder writable, or set another one: shared_folder in section taskgraph of airflow.cfg",
    )
