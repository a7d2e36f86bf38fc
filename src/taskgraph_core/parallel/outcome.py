"""What became of a task of a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.record import TaskState

T = TypeVar("T")


class TaskCancelledError(EngineError):
    """Why a task has no result though it never failed: the group ended before its turn, or while it ran."""


@dataclass(frozen=True, slots=True)
class TaskResult(Generic[T]):
    """How one task ended.

    Attributes:
        name: as given to ``add``, or made up there.
        index: its place in the order of adding, from zero.
        value: what its function returned; None unless ``state`` is ``success``.
        error: what its last attempt raised, a ``TimeoutError`` if it took too long, a ``TaskCancelledError`` if it
            was cancelled; None after success.
        attempts: how many were begun.
        started: when the first of them began, in seconds since the epoch; None if none did.
        duration: seconds from there to the end, pauses between attempts included.
        state: ``success``, ``failed`` or ``cancelled``.
        cached: the value comes from the cache or from an earlier life of the group, and was not computed now.
    """

    name: str
    index: int
    value: T | None
    error: BaseException | None
    attempts: int
    started: float | None
    duration: float
    state: TaskState
    cached: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.state == "success"


def raise_all(results: Iterable[TaskResult[object]]) -> None:
    """Raise what tasks raised, all at once, each with a note that names its task.

    Tasks that were cancelled because another failed are left out; if nothing failed, they are what is raised.

    Raises:
        ExceptionGroup: there is something to raise.
    """
    bad = [result for result in results if result.error is not None]
    bad = [result for result in bad if result.state == "failed"] or bad
    errors: list[BaseException] = []
    for result in bad:
        if result.error is not None:
            note = f"in task {result.name!r}, attempt {result.attempts}" if result.attempts else ""
            if note and note not in getattr(result.error, "__notes__", ()):
                result.error.add_note(note)
            errors.append(result.error)
    if errors:
        noun = "task" if len(errors) == 1 else "tasks"
        msg = f"{len(errors)} {noun} did not succeed"
        raise BaseExceptionGroup(msg, errors)
