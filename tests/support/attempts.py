"""Attempts that end as a test says, and a journal in memory."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from taskgraph_core.engine.attempt import DONE, Call, Result
from taskgraph_core.engine.events import TaskEnded
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Retry, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskgraph_core.engine.events import Event
    from taskgraph_core.scheduler import Outcome


async def at_once(call: Call) -> Result:
    return DONE


async def for_ever(call: Call) -> Result:
    await asyncio.sleep(3600)
    return DONE


def outcomes(seed: int) -> Callable[[str, int, bool], Outcome]:
    """Random outcomes that depend on nothing but task and attempt."""

    def outcome(task_id: str, attempt: int, undo: bool) -> Outcome:  # noqa: FBT001
        chance = random.Random(f"{seed}:{task_id}:{attempt}:{undo}")  # noqa: S311 - no secret
        return chance.choice(["success", "success", "failed"] if undo else ["success", "success", "failed", "skipped"])

    return outcome


def without_pauses(graph: TaskGraph) -> TaskGraph:
    tasks = tuple(task.model_copy(update={"retry": Retry(attempts=task.retry.attempts)}) for task in graph.tasks)
    return graph.model_copy(update={"tasks": tasks})


class Paper:
    """A journal in memory that refuses some batches; a refused one leaves nothing."""

    def __init__(self, refuses: Callable[[list[Event]], bool] = lambda _: False) -> None:
        self.events: list[Event] = []
        self.refuses = refuses

    def write(self, events: Sequence[Event]) -> None:
        if self.refuses(list(events)):
            msg = "no space"
            raise EngineError(msg)
        self.events += events

    @property
    def ends(self) -> list[tuple[str, str]]:
        return [(event.task_id, event.attempt.outcome) for event in self.events if isinstance(event, TaskEnded)]
