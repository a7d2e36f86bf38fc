"""One attempt: what is asked for, how it ended, and the seam between a run and whatever carries it out.

The run knows only ``Perform``: given a call, await its result. This machine's actions are one
implementation; tests inject another, and a remote executor would be a third.

A performer is stopped by cancelling it. It then ends what it started, takes the time that
needs, and lets the ``CancelledError`` go on; an argument of that error says what could not be ended.
One that has nothing to wait for may return a ``Result`` as it is.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Generator

    from taskgraph_core.ir import Command, Noop, Python, Task, Wait
    from taskgraph_core.scheduler import Outcome

ERROR_LIMIT = 500
"""Longest error kept on the record, in characters; the log has the rest."""


class Call(NamedTuple):
    """One attempt at a task's action, or with ``undo`` at its rollback."""

    task: Task
    attempt: int
    undo: bool = False

    @property
    def action(self) -> Command | Python | Wait | Noop:
        """What to carry out.

        Raises:
            ValueError: there is no rollback to carry out.
        """
        if not self.undo:
            return self.task.action
        if self.task.rollback is None:
            msg = f"task {self.task.id!r} has no rollback"
            raise ValueError(msg)
        return self.task.rollback


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended; ``error`` is one line, empty on success, the rest as in ``record.Attempt``.

    ``worker`` is empty where it ran in this engine.

    It can be awaited like the work that leads to it, and is then itself.
    """

    outcome: Outcome
    exit_code: int | None = None
    error: str = ""
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    value: object = None
    worker: str = ""

    @classmethod
    def failed(cls, error: str, exit_code: int | None = None) -> Self:
        """A failure, its text put on one line of bounded length."""
        return cls("failed", exit_code, one_line(error))

    def __await__(self) -> Generator[None, None, Self]:
        """Nothing to wait for."""
        yield from ()
        return self


SUCCESS = Result("success", 0)
DONE = Result("success")

Perform = Callable[[Call], Awaitable[Result]]


def one_line(text: str) -> str:
    """A text of any form as one line of at most ``ERROR_LIMIT`` characters."""
    line = " ".join(text[: 4 * ERROR_LIMIT].split())
    return line if len(line) <= ERROR_LIMIT else line[: ERROR_LIMIT - 1] + "…"


def describe(error: BaseException) -> str:
    """Type and message of an exception, also of one whose message cannot be formed."""
    message = str(traceback.TracebackException(type(error), error, None))
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
