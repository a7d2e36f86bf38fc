"""What was added to a group, and what became of it."""

from __future__ import annotations

import asyncio
import inspect
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from taskgraph_core.parallel.outcome import TaskResult

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from taskgraph_core.parallel.run import GroupRun
    from taskgraph_core.parallel.waiters import Waiters
    from taskgraph_core.record import TaskState

T = TypeVar("T")

CURRENT: ContextVar[Entry[Any] | None] = ContextVar("taskgraph_task", default=None)
"""The task of a group that the present code is part of."""


class Entry(Generic[T]):
    """One task of a group: the call to make, in the context in which it was added, and how that goes.

    Attributes:
        key: of its value in the cache; None to have it computed in any case.
        state: None until it is final.
        error: of the last attempt that failed.
        waiters: who waits for it alone; None while nobody does.
        running: whether an attempt is under way.
    """

    __slots__ = (
        "args",
        "attempts",
        "cached",
        "context",
        "ended",
        "error",
        "index",
        "key",
        "kwargs",
        "name",
        "run",
        "running",
        "started",
        "state",
        "value",
        "waiters",
        "what",
    )

    def __init__(
        self,
        run: GroupRun,
        name: str,
        index: int,
        what: Callable[..., Any] | Any,  # noqa: ANN401 - a function, or something to await
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        key: Hashable,
    ) -> None:
        self.run = run
        self.name = name
        self.index = index
        self.what = what
        self.args = args
        self.kwargs = kwargs
        self.key = key
        self.context = copy_context()
        self.state: TaskState | None = None
        self.value: T | None = None
        self.error: BaseException | None = None
        self.attempts = 0
        self.started: float | None = None
        self.ended = 0.0
        self.cached = False
        self.running = False
        self.waiters: Waiters | None = None

    def result(self) -> TaskResult[T]:
        """How it ended.

        Raises:
            ValueError: it has not.
        """
        if self.state is None:
            msg = f"task {self.name!r} has not ended yet"
            raise ValueError(msg)
        duration = 0.0 if self.started is None else max(0.0, self.ended - self.started)
        return TaskResult(
            self.name,
            self.index,
            self.value,
            self.error,
            0 if self.cached else self.attempts,
            self.started,
            duration,
            self.state,
            self.cached,
        )

    def let_go(self) -> None:
        """It is over: nothing of the call is needed any more, and what it holds may be large.

        What was to be awaited and never was is closed, or Python would complain.
        """
        if not callable(self.what):
            if inspect.iscoroutine(self.what):
                self.what.close()
            elif isinstance(self.what, asyncio.Future):
                self.what.cancel()
        self.what = self.args = self.kwargs = None  # type: ignore[assignment]
