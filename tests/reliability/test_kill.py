"""R1: kill -9 of the engine at any moment. R2: the same while long programs run, which outlive it."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from reliability.engines import Engines
from reliability.killing import Victim, random_moment
from reliability.locks import TREES, holder, survivors
from reliability.truth import lines, out_of_order, overlaps, repeats, write_step
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reliability.sheet import Sheet

PARALLEL = 8


def test_no_task_is_lost_or_run_again_however_often_the_engine_is_killed(sheet: Sheet, tmp_path: Path) -> None:
    kills, size = (200, 500) if sheet.full else (7, 80)
    row = sheet.row("R1", f"kill -9 at random moments in graphs of {size} tasks")
    chance = Random("R1")  # noqa: S311 - repeatable, not secret
    again = 0
    while (left := kills - row.counts.get("kills", 0)) > 0:
        with Engines(tmp_path / f"after{left}") as engines:
            step = Command(argv=write_step(engines.path))
            graph = engines.plan(TaskGraph(id="steps", tasks=random_dag(chance, [step] * size)))
            Victim(engines, row, ("-j", str(PARALLEL))).survive(lambda: random_moment(chance, size // 2), left)
            happened = lines(engines.path)
        row.zero("started before what they depend on", out_of_order(graph, happened))
        row.zero("overlaps", overlaps(happened))
        again += repeats(happened)
    row.note(f"in-flight tasks made again {again:,} <= {kills} kills x {PARALLEL}")
    row.zero("more made again than were in flight", [str(again)] if again > kills * PARALLEL else [])
    row.check()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere what an engine leaves running cannot be found")
def test_nothing_runs_beside_its_successor_however_long_it_outlives_the_engine(sheet: Sheet, tmp_path: Path) -> None:
    kills, size = (60, 40) if sheet.full else (3, 8)
    row = sheet.row("R2", f"kill -9 while long programs with grandchildren run, graphs of {size} tasks")
    chance = Random("R2")  # noqa: S311 - repeatable, not secret
    while (left := kills - row.counts.get("kills", 0)) > 0:
        with Engines(tmp_path / f"after{left}") as engines:
            long = [holder(engines.path, TREES[number % 3], chance.uniform(0.1, 0.8)) for number in range(size)]
            graph = engines.plan(TaskGraph(id="long", tasks=random_dag(chance, long)))
            Victim(engines, row, ("-j", str(PARALLEL))).survive(lambda: random_moment(chance, 8), left)
            happened = lines(engines.path)
            row.zero("survivors after the last resume", survivors(engines.path))
        row.zero("started before what they depend on", out_of_order(graph, happened))
        row.zero("overlapping executions of one task", overlaps(happened))
    row.check()


def random_dag(chance: Random, actions: Sequence[Command]) -> tuple[Task, ...]:
    """Tasks that depend on two of the twenty before them."""
    return tuple(
        Task(
            id=str(number),
            depends_on=tuple(str(other) for other in chance.sample(range(max(0, number - 20), number), min(number, 2))),
            action=action,
        )
        for number, action in enumerate(actions)
    )
