"""R14: runs in a world of chance, where engines die; the same seed is the same run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.laws import KINDS, Laws
from reliability.world import World

if TYPE_CHECKING:
    from reliability.sheet import Sheet


def test_no_law_is_broken_however_often_the_engine_dies(sheet: Sheet) -> None:
    row = sheet.row("R14", "simulated runs with resources, rates, breakers, retries, rollback, dying engines")
    for kind in (*KINDS, "different the second time", "different from the run that nobody disturbed"):
        row.zero(kind)
    for number in range(10_000 if sheet.full else 300):
        seed = f"R14:{number}"
        world = World(seed)
        record = world.run()
        row.count("seeds")
        row.count("engines that died", world.deaths)
        row.count("attempts", sum(len(task.attempts) + len(task.undo_attempts) for task in record.tasks))
        laws = Laws(world.graph, world.max_parallel)
        laws.follow(world.journal.events())
        laws.over()
        for kind, found in laws.broken.items():
            row.zero(kind, (f"seed {seed}: {text}" for text in found))
        again = World(seed)
        if again.run() != record or again.journal.rows != world.journal.rows:
            row.zero("different the second time", [f"seed {seed}"])
        if not world.steered and ends_alike(world):
            undisturbed = World(seed, interrupted=False).run()
            row.count("compared with an undisturbed run")
            if undisturbed.states != record.states:
                row.zero("different from the run that nobody disturbed", [f"seed {seed}"])
    row.check()


def ends_alike(world: World) -> bool:
    """Whether final states depend on nothing but how each attempt ends: no failure stops the others."""
    policy = world.graph.policy
    return policy.on_failure == "continue" and policy.failure_threshold is None and policy.failure_rate is None
