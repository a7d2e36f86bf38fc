"""What a journal tells: a run from its first moment to the last that was recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from taskgraph_core.engine.events import RunStarted, TaskAdded, TaskFinal
from taskgraph_core.engine.history import replay
from taskgraph_core.engine.journal.codec import ENDED, STARTED, decode
from taskgraph_core.engine.recorder import Recorder
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal.codec import Row
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord, RunState

FORMAT = 1
"""Version of what the rows mean; a journal of another one is not read."""


@dataclass(frozen=True, slots=True)
class Life:
    """What an engine writes when it takes up a run, at first or again.

    ``boot`` names the time the machine has been up for, so that a later reader knows whether it went down meanwhile;
    ``durable`` says whether what is recorded outlives that.
    """

    time: float
    run_id: str
    graph_id: str
    fingerprint: str
    system: str
    max_parallel: int
    boot: str = ""
    durable: bool = False

    def row(self) -> Row:
        """The life as the journal keeps it."""
        who = [self.run_id, self.graph_id, self.fingerprint, self.system]
        return ["life", self.time, FORMAT, *who, self.max_parallel, self.boot, self.durable]


@dataclass(slots=True)
class Story:
    """A run as its journal has it; every field but ``events`` as of the last life.

    Attributes:
        started: when it first began.
        events: in the order they were recorded; without ``RunStarted`` and ``RunEnded``.
        ended: how the run ended; None if it goes on, or broke off.
        last: when the last event was recorded.
        active: seconds during which an engine carried it out.
        fingerprints: of every graph it was carried out with, the present one last.
        torn: whether the end of the journal was not completely written.
    """

    run_id: str = ""
    graph_id: str = ""
    fingerprint: str = ""
    system: str = ""
    started: float = 0.0
    max_parallel: int = 0
    events: list[Event] = field(default_factory=list)
    ended: RunState | None = None
    last: float = 0.0
    active: float = 0.0
    fingerprints: list[str] = field(default_factory=list)
    boot: str = ""
    durable: bool = False
    torn: bool = False

    def record(self, graph: TaskGraph) -> RunRecord:
        """The record of a run that ended, as its journal has it.

        Raises:
            ValueError: it has not ended, or was one of another graph.
        """
        if self.ended is None:
            msg = "the run has not ended"
            raise ValueError(msg)
        added = [event.task for event in self.events if isinstance(event, TaskAdded)]
        whole = graph.model_copy(update={"tasks": (*graph.tasks, *added)}) if added else graph
        scheduler = scheduler_for(whole, seed=self.run_id)
        replay(self.events, scheduler)
        finals = [TaskFinal(self.last, task_id, state) for task_id, state in scheduler.states.items()]
        recorder = Recorder()
        past = [*self.events, *finals]
        recorder(RunStarted(self.started, self.run_id, self.system, graph, self.max_parallel, None, lambda _: [], past))
        return recorder.record(self.ended, self.last)


def tell(rows: Iterable[Row]) -> Story:
    """The story of the rows of a journal.

    Raises:
        LookupError, TypeError, ValueError: they are not those of a journal of this version.
    """
    story = Story()
    for row in rows:
        kind, time = row[0], row[1]
        if kind == STARTED:  # a later life repeats the time of the first
            story.started = time
            continue
        if kind == "life":
            _begin_life(story, row)
        elif kind == ENDED:
            story.ended = cast("RunState", row[2])
        else:
            story.events.append(decode(row))
        if kind != "life":
            story.active += max(0.0, time - story.last)
        story.last = max(story.last, time)
    if not story.fingerprints:
        msg = "it has no beginning"
        raise ValueError(msg)
    return story


def _begin_life(story: Story, row: Row) -> None:
    _, time, version, run_id, graph_id, fingerprint, system, max_parallel, boot, durable = row
    if version != FORMAT:
        msg = f"it is of version {version}, and this program reads {FORMAT}"
        raise ValueError(msg)
    if not story.fingerprints:
        story.started = time
    story.run_id, story.graph_id, story.fingerprint, story.system = run_id, graph_id, fingerprint, system
    story.max_parallel, story.boot, story.durable = max_parallel, boot, durable
    story.ended = None
    story.fingerprints.append(fingerprint)
