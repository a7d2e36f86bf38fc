"""What a run says while it goes on: small immutable events, and who listens.

Displays, the record and whatever else follows a run know only these. ``time`` is seconds
since the epoch, taken from a clock that never jumps (``clock.SteadyClock``); a simulation
counts from its own start. Events come in the order in which things were decided: an
event that announces an action comes before the action.

After ``RunStarted``, exactly one of ``RunEnded`` and ``RunAborted`` comes, and comes last. Where a
journal is kept, an event is in it before anybody hears of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.record import Attempt, RunRecord, TaskState


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins.

    ``directory`` is None where nothing is written (a simulation). ``waits_for`` answers, at any
    time and from any thread, which upstream tasks or resources keep a task from starting. ``estimates``
    are seconds that tasks took in earlier runs, of those that were measured.
    """

    time: float
    run_id: str
    system: str
    graph: TaskGraph
    max_parallel: int
    directory: RunDirectory | None
    waits_for: Callable[[str], list[str]]
    past: Sequence[Event] = ()
    estimates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunResumed:
    """A run goes on after it was interrupted, or ``again`` after it had ended.

    Earlier attempts of the tasks in ``forget`` no longer count: these run anew.
    """

    time: float
    again: bool = False
    forget: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskAdded:
    """A task joined a run that grows."""

    time: float
    task: Task


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """An attempt begins; attempts count from one."""

    time: float
    task_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class TaskSpawned:
    """The program of a running attempt has started.

    ``born`` tells the process from a later one of the same number: when the system started it, in the system's
    own units (clock ticks since boot on Linux).
    """

    time: float
    task_id: str
    attempt: int
    pid: int
    born: int


@dataclass(frozen=True, slots=True)
class TaskLost:
    """An attempt, with ``undo`` at the rollback, was under way when the engine died; it is made again."""

    time: float
    task_id: str
    attempt: Attempt
    undo: bool = False


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """An attempt ended; whether the task is final, others say."""

    time: float
    task_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class TaskRetrying:
    """A failed task will be tried again: ``attempt`` follows in ``pause`` seconds."""

    time: float
    task_id: str
    attempt: int
    pause: float


@dataclass(frozen=True, slots=True)
class TaskFinal:
    """A task reached its final state, with or without ever having started."""

    time: float
    task_id: str
    state: TaskState


@dataclass(frozen=True, slots=True)
class RunStopping:
    """The run is being ended before its time.

    ``reason`` goes on after "because", ``hint`` says what a person can still do, ``at_once`` leaves no grace.
    """

    time: float
    reason: str
    hint: str = ""
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """From now on at most ``parallel`` tasks at once; zero starts none.

    ``reason`` goes on after "because"; empty where it is what somebody asked for, and nothing holds the run back.
    """

    time: float
    parallel: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UndoStarted:
    """An attempt at a task's rollback begins."""

    time: float
    task_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class UndoEnded:
    """An attempt at a task's rollback ended."""

    time: float
    task_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run came to its end, good or bad, and this is its record."""

    time: float
    record: RunRecord


@dataclass(frozen=True, slots=True)
class RunAborted:
    """The run broke off without a record: the caller cancelled it, or an observer raised ``error``."""

    time: float
    error: BaseException


TaskEvent = (
    TaskAdded | TaskStarted | TaskSpawned | TaskLost | TaskEnded | TaskRetrying | TaskFinal | UndoStarted | UndoEnded
)
Event = RunStarted | RunResumed | TaskEvent | LimitChanged | RunStopping | RunEnded | RunAborted


class Observer(Protocol):
    """Whoever wants to know.

    Called between two steps of the run, so it must be quick. What it raises ends the run:
    everything that runs is stopped, then the exception goes to the caller. One that has an attribute ``heeds``,
    a collection of kinds of events, hears of no others.
    """

    def __call__(self, event: Event, /) -> None:
        """Take note of one event."""
