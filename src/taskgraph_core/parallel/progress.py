"""The observer that knows what has become of every task of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.events import RunStarted, RunStopping, TaskEnded, TaskFinal, TaskStarted
from taskgraph_core.parallel.outcome import TaskCancelledError
from taskgraph_core.parallel.waiters import Waiters

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.parallel.entry import Entry
    from taskgraph_core.record import TaskState

_THRESHOLD = "too many tasks failed"
_BY_ITSELF = "it cancelled itself"


class Progress:
    """Entries by name, in order of adding; those that ended, in that order; and who waits for more.

    Args:
        stop: ends the group at the first failure; None lets it go on.
    """

    def __init__(self, stop: Callable[[str], None] | None) -> None:
        self.entries: dict[str, Entry[Any]] = {}
        self.ended: list[Entry[Any]] = []
        self.each = Waiters()
        self.all = Waiters()
        self.begun = False
        self._stop = stop
        self._reason = ""
        self._notes: dict[type, Callable[[Any], None]] = {
            TaskStarted: self._attempt_started,
            TaskEnded: self._attempt_ended,
            TaskFinal: self._final,
            RunStarted: self._begun,
            RunStopping: self._stopping,
        }
        self.heeds = frozenset(self._notes)

    @property
    def is_idle(self) -> bool:
        """Whether everything added has ended."""
        return len(self.ended) == len(self.entries)

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        note = self._notes.get(type(event))
        if note is not None:
            note(event)

    def restore(self, entry: Entry[Any], value: object, now: float) -> None:
        """A task that an earlier life of the group has done."""
        self.entries[entry.name] = entry
        entry.value, entry.cached, entry.ended = value, True, now
        self._settle(entry, "success")

    def break_off(self, reason: str, now: float) -> None:
        """No more events will come; what is open will never be done."""
        self._reason = self._reason or reason
        for entry in self.entries.values():
            if entry.state is None:
                self._cancel(entry)
                entry.ended = now
                self._settle(entry, "cancelled")
        self.each.notify()
        self.all.notify()

    def _begun(self, _event: RunStarted) -> None:
        self.begun = True
        self.each.notify()

    def _stopping(self, event: RunStopping) -> None:
        self._reason = self._reason or event.reason

    def _attempt_started(self, event: TaskStarted) -> None:
        entry = self.entries[event.task_id]
        if entry.started is None:
            entry.started = event.time
        entry.attempts = event.attempt

    def _attempt_ended(self, event: TaskEnded) -> None:
        entry = self.entries[event.task_id]
        entry.running = False
        outcome = event.attempt.outcome
        if outcome == "failed" and entry.error is None:  # it raised nothing of its own
            entry.error = TimeoutError(event.attempt.error)
        elif outcome == "cancelled" and not self._reason:
            entry.error = _cancelled(entry, _BY_ITSELF)

    def _final(self, event: TaskFinal) -> None:
        entry = self.entries[event.task_id]
        entry.ended = event.time
        if event.state == "cancelled":
            self._cancel(entry)
        elif event.state == "failed" and self._stop is not None and not self._reason:
            self._reason = f"task {entry.name!r} failed"
            self._stop(self._reason)
        self._settle(entry, event.state)

    def _settle(self, entry: Entry[Any], state: TaskState) -> None:
        """A task has ended for good."""
        entry.state = state
        entry.let_go()
        self.ended.append(entry)
        self.each.notify()
        if entry.waiters is not None:
            entry.waiters.notify()
        if self.is_idle:
            self.all.notify()

    def _cancel(self, entry: Entry[Any]) -> None:
        if not isinstance(entry.error, TaskCancelledError):
            entry.error = _cancelled(entry, self._reason or _THRESHOLD)


def _cancelled(entry: Entry[Any], reason: str) -> TaskCancelledError:
    error = TaskCancelledError(f"it was cancelled because {reason}", where=f"task {entry.name!r}")
    error.__cause__ = entry.error
    return error
