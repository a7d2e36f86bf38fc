"""Killing engines at random moments, and asking what they had recorded."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reliability.engines import PATIENCE
from reliability.truth import false_successes, lines, recorded, run_again, written
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from reliability.engines import Engine, Engines
    from reliability.sheet import Row

Moment = tuple[float, float]
"""Kill after so many seconds, or as soon as the programs have written so many more lines."""


def random_moment(chance: Random, most_lines: int) -> Moment:
    """Often while tasks run; now and then as the engine starts, reads its journal and sees what is left."""
    return (
        (chance.uniform(0, 0.6), float("inf")) if chance.random() < 0.25 else (PATIENCE, chance.randint(1, most_lines))
    )


@dataclass
class Victim:
    """One run, killed again and again; ``known`` is by task at which line of the truth its success was on record."""

    engines: Engines
    row: Row
    words: tuple[str, ...] = ()
    known: dict[str, int] = field(default_factory=dict)

    def survive(self, moment: Callable[[], Moment], kills: int) -> int:
        """Carry the run to its end, killing its engine at most so often; how often it was."""
        engine = self.engines.start(*self.words)
        for killed in range(kills):
            if not self._comes(moment(), engine):
                self.finish(engine)
                return killed
            engine.send_signal(signal.SIGKILL)
            engine.wait()
            self.row.count("kills")
            engine = self.engines.start(*self.words, *(["--resume"] if self.look() else []))
        self.finish(engine)
        return kills

    def _comes(self, moment: Moment, engine: Engine) -> bool:
        """Wait for it; whether it came before the engine ended."""
        seconds, more = moment
        before = written(self.engines.path)
        deadline = time.monotonic() + seconds
        while engine.poll() is None:
            if time.monotonic() >= deadline or written(self.engines.path) >= before + more:
                return engine.poll() is None
            time.sleep(0.002)
        return False

    def look(self) -> bool:
        """Compare what the journal says now with what it said before, and with what happened.

        False if the run had not begun: nothing was ever started, so there is nothing to go on with.
        """
        happened = lines(self.engines.path)
        if self.engines.directory is None:
            return False
        try:
            done = recorded(self.engines.story().events)
        except EngineError as error:
            self.row.zero("journals that cannot be read", [str(error)] if happened else [])
            return bool(happened)
        self.row.zero("lost", sorted(self.known.keys() - done))
        self.row.zero("recorded and not done", false_successes(done, happened))
        self.known = {**dict.fromkeys(done, len(happened)), **self.known}
        return True

    def finish(self, engine: Engine) -> None:
        """The last engine comes to its end, and all is done."""
        ended = engine.ended()
        self.row.count("runs")
        self.row.zero("tracebacks", [ended.err] if ended.crashed else [])
        self.row.zero("runs that do not succeed", [f"exit code {ended.code}: {ended.err}"] if ended.code else [])
        self.look()
        states = self.engines.record().states if not ended.code else {}
        self.row.zero("lost", [task_id for task_id, state in states.items() if state != "success"])
        self.row.zero("lost", sorted(states.keys() - self.known))
        self.row.zero("run again after recorded success", run_again(self.known, lines(self.engines.path)))
