"""A world in which runs take no time and engines die: a run from its first moment to its last, decided by one seed.

The conductor, the history and the codec of the journal are the real ones. What they drive is not: attempts last and
end as the seed says, and the journal loses its engine now and then, before or after it recorded what it was given.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any

from reliability.random_graphs import random_graph
from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.events import RunResumed, RunStarted
from taskgraph_core.engine.history import History
from taskgraph_core.engine.journal.codec import dumps, encode
from taskgraph_core.engine.journal.story import Life, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal.story import Story
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord
    from taskgraph_core.scheduler import Outcome, Step

OUTCOMES: tuple[Outcome, ...] = ("success", "success", "success", "success", "failed", "failed", "skipped")
PARALLEL = 4
SYSTEM = "world"
LIVES = 12
"""An engine of this number does not die, so that every run ends."""


class EngineDied(Exception):  # noqa: N818 - it is what happens, and no error of anybody
    """The engine is gone, and all that it only had in mind."""


@dataclass
class MemoryJournal:
    """Keeps what outlives the engine, as text; ``dies_after`` is how many writes this engine lives to see."""

    chance: Random
    rows: list[str] = field(default_factory=list)
    dies_after: float = inf

    def write(self, events: Sequence[Event]) -> None:
        self.dies_after -= 1
        if self.dies_after < 0 and self.chance.random() < 0.5:
            raise EngineDied
        kept = [event for event in events if not isinstance(event, RunStarted)]
        self.rows.extend(dumps([row]) for row in encode(kept))
        if self.dies_after < 0:
            raise EngineDied

    def story(self, life: Life) -> Story:
        """What a reader makes of it."""
        return tell([life.row(), *(json.loads(row)[0] for row in self.rows)])


@dataclass
class World:
    """One run; ``interrupted`` leaves out everything that happens to it from outside."""

    seed: str
    interrupted: bool = True

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - repeatable, not secret
        self.graph: TaskGraph = random_graph(self.chance)
        self.journal = MemoryJournal(self.chance)
        self.began = self.now = 1000.0
        self.deaths = 0
        self.steered = False
        self.max_parallel = self.graph.policy.max_parallel or PARALLEL

    def story(self) -> Story:
        """What the journal tells."""
        graph = self.graph
        return self.journal.story(Life(self.began, self.seed, graph.id, graph.fingerprint, SYSTEM, self.max_parallel))

    def run(self) -> RunRecord:
        """Live through the run, with as many engines as it takes."""
        history: History | None = None
        while True:
            if self.interrupted and self.deaths < LIVES:
                self.journal.dies_after = self.chance.choice((inf, self.chance.randint(0, 12)))
            else:
                self.journal.dies_after = inf
            try:
                return self._live(history)
            except EngineDied:
                self.deaths += 1
                self.now += self.chance.choice((0.0, 0.25, 5.0))
                history = self._history()

    def _history(self) -> History | None:
        """What a new engine reads, and the note that it goes on, which it leaves for the next one."""
        if not self.journal.rows:
            self.began = self.now
            return None
        self.journal.rows.append(dumps(encode([RunResumed(self.now)])))
        return History(self.began, events=self.story().events)

    def _live(self, history: History | None) -> RunRecord:
        conductor = Conductor(self.graph, (), run_id=self.seed, system=SYSTEM, max_parallel=self.max_parallel)
        conductor.journal = self.journal
        ends: list[tuple[float, int, str, Outcome]] = []
        number = count()
        alive: dict[str, int] = {}

        def ends_at(task_id: str, moment: float, outcome: Outcome) -> None:
            alive[task_id] = next(number)
            heappush(ends, (moment, alive[task_id], task_id, outcome))

        conductor.begin(self.now, history)
        while not (step := conductor.poll(self.now)).done:
            for task_id in step.stop:
                ends_at(task_id, self.now + 0.25, "cancelled")
            for task_id, seconds, outcome in self._started(step):
                ends_at(task_id, self.now + seconds, outcome)
            moments = [ends[0][0]] if ends else []
            moments += [step.wake_at] if step.wake_at is not None else []
            if not moments:
                conductor.limit(self.max_parallel, "", self.now)  # it was paused
                continue
            self.now = max(self.now, min(moments))
            while ends and ends[0][0] <= self.now:
                _, which, task_id, outcome = heappop(ends)
                if alive.get(task_id) == which:
                    del alive[task_id]
                    conductor.ended(task_id, Result(outcome), self.now)
            self._steer(conductor)
        record = conductor.record(self.now)
        conductor.end(record)
        return record

    def _started(self, step: Step) -> list[tuple[str, float, Outcome]]:
        """How long each new attempt lasts, and how it ends: the same for an attempt that is made again."""
        starts = [(task_id, "do") for task_id, _ in step.start] + [(task_id, "undo") for task_id, _ in step.undo]
        made = []
        for task_id, what in starts:
            again = self.ended_attempts(task_id, what)
            fate = Random(f"{self.seed}:{task_id}:{what}:{again}")  # noqa: S311 - repeatable, not secret
            made.append((task_id, fate.randint(0, 12) / 4, fate.choice(OUTCOMES)))
        return made

    def ended_attempts(self, task_id: str, what: str) -> int:
        """How many attempts of a task have ended, as far as is recorded."""
        word = {"do": "end", "undo": "undone"}[what]
        rows: list[list[Any]] = [json.loads(row)[0] for row in self.journal.rows if f'"{word}"' in row]
        return sum(row[0] == word and row[2] == task_id for row in rows)

    def _steer(self, conductor: Conductor) -> None:
        """Now and then somebody pauses the run, changes how much it may do at once, or stops it."""
        if not self.interrupted:
            return
        lot = self.chance.random()
        if lot < 0.03:
            conductor.limit(self.chance.randint(0, 3), "somebody wants it", self.now)
        elif lot < 0.035:
            conductor.cancel("it was interrupted", self.now)
        else:
            return
        self.steered = True
