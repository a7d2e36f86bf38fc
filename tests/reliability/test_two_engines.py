"""R11: several engines want to carry out the same run at the same time.

The other half of this row, many writers of one tasks.json, comes with the command that writes statuses back.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from reliability.engines import Engines, wait_for
from reliability.truth import lines, overlaps, write_step, written
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from pathlib import Path

    from reliability.sheet import Row, Sheet

RIVALS = 4


def test_only_one_engine_carries_a_run_out(sheet: Sheet, tmp_path: Path) -> None:
    row = sheet.row("R11", f"{RIVALS} engines resume the same run at once")
    chance = Random("R11")  # noqa: S311 - repeatable, not secret
    for number in range(20 if sheet.full else 1):
        with Engines(tmp_path / str(number)) as engines:
            race(row, engines, chance.randint(1, 6))
    row.check()


def race(row: Row, engines: Engines, moment: int) -> None:
    """An engine dies after its programs wrote so many lines, then all rivals set out."""
    step = Command(argv=(*write_step(engines.path), "0.3"))
    tasks = (Task(id=str(one), depends_on=(str(one - 4),) if one >= 4 else (), action=step) for one in range(12))
    engines.plan(TaskGraph(id="rivals", tasks=tuple(tasks)))
    first = engines.start("-j", "4")
    wait_for(lambda: written(engines.path) >= moment)
    first.kill()
    first.wait()
    rivals = [engines.start("-j", "4", "--resume") for _ in range(RIVALS)]
    ends = [rival.ended() for rival in rivals]
    refused = [ended for ended in ends if ended.code]
    row.count("races")
    row.count("refusals", len(refused))
    row.zero("races that nobody won", [ended.err for ended in ends] if len(refused) == RIVALS else [])
    row.zero("refusals without a reason", [one.err for one in refused if "another engine" not in one.err])
    row.zero("tracebacks", [one.err for one in ends if one.crashed])
    happened = lines(engines.path)
    row.zero("overlapping executions of one task", overlaps(happened))
    starts = Counter(line.task for line in happened if line.what == "start")
    row.zero("executions beyond the one that was lost", [task for task, number in starts.items() if number > 2])
    states = engines.record().states.values()
    row.zero("runs that do not succeed", [str(states)] if set(states) != {"success"} else [])
