"""What ``add`` gives back: await it for the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Generator

    from taskgraph_core.parallel.entry import Entry
    from taskgraph_core.parallel.outcome import TaskResult

T = TypeVar("T")


class Handle(Generic[T]):
    """One task of a group; ``await handle`` gives its value, or raises its error.

    Any number may wait for it, any number of times.
    """

    __slots__ = ("_entry",)

    def __init__(self, entry: Entry[T]) -> None:
        self._entry = entry

    def __repr__(self) -> str:
        return f"<task {self.name!r}: {self._entry.state or ('running' if self._entry.running else 'waiting')}>"

    @property
    def name(self) -> str:
        """As given to ``add``, or made up there."""
        return self._entry.name

    def done(self) -> bool:
        """Whether it has ended, well or badly."""
        return self._entry.state is not None

    def result(self) -> TaskResult[T]:
        """How it ended.

        Raises:
            ValueError: it has not.
        """
        return self._entry.result()

    def __await__(self) -> Generator[Any, None, T]:
        """The value; raises what the last attempt raised, or ``TaskCancelledError``."""
        yield from self._entry.run.until_ended(self._entry).__await__()
        if self._entry.error is not None:
            raise self._entry.error
        return cast("T", self._entry.value)
