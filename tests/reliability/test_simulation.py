"""R14: runs in a world of chance, where engines die; the same seed is the same run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.laws import KINDS, Laws
from reliability.world import World
from taskgraph_core.engine.events import TaskFinal, TaskLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reliability.sheet import Sheet
    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import RunRecord


DIFFERENT = (
    "different from what the journal tells",
    "different the second time",
    "different from the run that nobody disturbed",
)


def test_no_law_is_broken_however_often_the_engine_dies(sheet: Sheet) -> None:
    row = sheet.row("R14", "simulated runs with resources, rates, breakers, retries, rollback, dying engines")
    for kind in (*KINDS, *DIFFERENT):
        row.zero(kind)
    for number in range(10_000 if sheet.full else 300):
        seed = f"R14:{number}"
        world = World(seed)
        record = world.run()
        row.count("seeds")
        row.count("engines that died", world.deaths)
        row.count("attempts", sum(len(task.attempts) + len(task.undo_attempts) for task in record.tasks))
        laws = Laws(world.graph, world.max_parallel)
        story = world.story()
        laws.follow(with_every_end(story.events, record))
        laws.over()
        for kind, found in laws.broken.items():
            row.zero(kind, (f"seed {seed}: {text}" for text in found))
        again = World(seed)
        if story.record(world.graph) != record:
            row.zero("different from what the journal tells", [f"seed {seed}"])
        if again.run() != record or again.journal.rows != world.journal.rows:
            row.zero("different the second time", [f"seed {seed}"])
        if not world.steered and ends_alike(world):
            undisturbed = World(seed, interrupted=False).run()
            row.count("compared with an undisturbed run")
            if undisturbed.states != record.states:
                row.zero("different from the run that nobody disturbed", [f"seed {seed}"])
    row.check()


def with_every_end(events: Sequence[Event], record: RunRecord) -> list[Event]:
    """Events with the final states that a journal leaves to its reader.

    A task that was lost after its run had begun to stop is cancelled by that; an engine that dies just then has not
    written so separately.
    """
    said = {event.task_id for event in events if isinstance(event, TaskFinal)}
    lost = {event.task_id: number for number, event in enumerate(events) if isinstance(event, TaskLost)}
    whole: list[Event] = []
    for number, event in enumerate(events):
        whole.append(event)
        if isinstance(event, TaskLost) and lost[event.task_id] == number and event.task_id not in said:
            whole.append(TaskFinal(event.time, event.task_id, record.states[event.task_id]))
    return whole


def ends_alike(world: World) -> bool:
    """Whether final states depend on nothing but how each attempt ends: no failure stops the others."""
    policy = world.graph.policy
    return policy.on_failure == "continue" and policy.failure_threshold is None and policy.failure_rate is None
