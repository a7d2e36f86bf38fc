"""What an engine that died left running: found, to be ended before the same task is started again.

``tree`` says which processes belong to an attempt: by the marks in their environment, so that one whose number
never reached the journal is found too, or by what the journal has of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.workspace import idempotency_key
from taskgraph_core.engine.events import TaskSpawned
from taskgraph_core.engine.history import in_flight
from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.tree import MARKS, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.events import Event

_NO_LEADER = -1


def trees(run_id: str, events: Sequence[Event]) -> list[Tree]:
    """What may be left of every attempt that was under way after these events."""
    spawned = {(event.task_id, event.attempt): event for event in events if isinstance(event, TaskSpawned)}
    found = []
    for (task_id, undo), (number, started) in in_flight(events).attempts.items():
        texts = (idempotency_key(run_id, task_id, undo=undo), str(number))
        environment = {name: text.encode() for name, text in zip(MARKS, texts, strict=True)}
        program = spawned.get((task_id, number))
        if program is None or program.time < started or not _may_be(program):
            found.append(Tree(_NO_LEADER, 0, environment))
        else:
            found.append(Tree(program.pid, program.born, environment))
    return found


def _may_be(program: TaskSpawned) -> bool:
    """Whether nobody else has its number now; a session keeps the number of its leader after that has ended."""
    return bool(program.born) and procs.birth(program.pid) in (0, program.born)
