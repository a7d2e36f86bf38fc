"""R11: several engines want to carry out the same run at the same time.

The other half of this row, many writers of one tasks.json, comes with the command that writes statuses back.
"""

from __future__ import annotations

import signal
from random import Random
from typing import TYPE_CHECKING

from reliability.engines import Engines, wait_for
from reliability.truth import lines, overlaps, write_step, written
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reliability.sheet import Row

RIVALS = 4


def test_only_one_engine_carries_a_run_out(
    full: bool,  # noqa: FBT001
    score: Callable[[str, str], Row],
    tmp_path: Path,
) -> None:


    row = score("R11", f"{RIVALS} engines resume the same run at once")
    chance = Random("R11")  # noqa: S311 - repeatable, not secret
    for number in range(30 if full else 1):
        engines = Engines(tmp_path / str(number))
        step = (*write_step(engines.path), "0.3")
        tasks = tuple(
            Task(id=str(one), depends_on=(str(one - 4),) if one >= 4 else (), action=Command(argv=step)) for one in range(12)
        )
        engines.plan(TaskGraph(id="rivals", tasks=tasks))
        first = engines.start("-j", "4")
        wait_for(lambda engines=engines: written(engines.path) >= chance.randint(1, 6))
        first.send_signal(signal.SIGKILL)
        first.wait()
        rivals = [engines.start("-j", "4", "--resume") for _ in range(RIVALS)]
        ends = [rival.ended() for rival in rivals]
        row.count("races")
        row.count("refusals", sum(ended.code == 1 for ended in ends))
        winners = sum(ended.code == 0 for ended in ends)
        row.zero("races that nobody won", [] if winners else [ended.err for ended in ends])
        refused = [ended for ended in ends if ended.code]
        row.zero("refusals without a reason", [one.err for one in refused if "another engine" not in one.err])
        row.zero("tracebacks", [one.err for one in ends if one.crashed])
        happened = lines(engines.path)
        row.zero("overlapping executions of one task", overlaps(happened))
        starts = [line.task for line in happened if line.what == "start"]
        many = {task for task in starts if starts.count(task) > 2}
        row.zero("executions beyond the one that was lost", sorted(many))
        states = engines.record().states.values()
        row.zero("runs that do not succeed", [str(states)] if set(states) != {"success"} else [])
        engines.close()
    row.check()
