from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.engine.attempt import Call
from taskgraph_core.engine.single.attempt import Attempt, Ended, Origin
from taskgraph_core.engine.single.desk import Desk
from taskgraph_core.ir import Command, Python, Task, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 10_000
SEEN: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk(grace=1.0, output_limit=LIMIT) as desk:
        yield desk


def attempt(project: Path, action: Any, tell: Any = print, **fields: Any) -> Attempt:
    task = Task(id="1", action=action, **fields)
    return Attempt(Call(task, 1), Origin("g", "run", project), tell, output_limit=LIMIT)


def shell(line: str) -> Command:
    return Command(shell=line)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def written(place: Path) -> int:
    while not place.exists() or not place.read_text().endswith("\n"):
        time.sleep(0.01)
    return int(place.read_text())


def test_attempts_of_many_threads_are_carried_out_at_once(desk: Desk, tmp_path: Path) -> None:
    waits = [attempt(tmp_path, Wait(what="file", target="made", interval=0.02)) for _ in range(20)]
    ended: list[Ended] = []
    threads = [threading.Thread(target=lambda one=one: ended.append(desk.run(one))) for one in waits]
    for thread in threads:
        thread.start()
    desk.run(attempt(tmp_path, shell("touch made")))
    for thread in threads:
        thread.join()

    assert [one.result.outcome for one in ended] == ["success"] * 20


def test_output_comes_line_by_line_and_only_so_much(desk: Desk, tmp_path: Path) -> None:
    told: list[str] = []
    desk.run(attempt(tmp_path, shell("seq 10000"), told.append))

    assert told[:2] == ["1", "2"]
    assert told[-1] == "10000"
    assert any("left out" in line for line in told)
    assert sum(len(line) + 1 for line in told) <= LIMIT + 1


def test_a_function_sees_the_context_of_its_caller(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "looks_around.py").write_text(f"import {__name__} as it\ndef look():\n    return it.SEEN.get()\n")
    SEEN.set("this")

    assert desk.run(attempt(tmp_path, Python(entry_point="looks_around:look"))).result.value == "this"


def test_stopping_ends_a_tree_in_sessions_of_its_own(desk: Desk, tmp_path: Path) -> None:
    one = attempt(tmp_path, shell("setsid sh -c 'echo $$ > child; exec sleep 600' & sleep 600"))
    threading.Thread(target=lambda: (written(tmp_path / "child"), one.stop())).start()

    assert desk.run(one).result.outcome == "cancelled"
    assert not lives(written(tmp_path / "child"))


def test_what_was_stopped_before_never_begins(desk: Desk, tmp_path: Path) -> None:
    one = attempt(tmp_path, shell("touch ran"))
    one.stop()

    assert desk.run(one).result.outcome == "cancelled"
    assert not (tmp_path / "ran").exists()


def test_nothing_is_left_in_its_folder(desk: Desk, tmp_path: Path) -> None:
    told: list[str] = []
    desk.run(attempt(tmp_path, shell("echo $TASKGRAPH_TASK_JSON"), told.append))

    assert not Path(told[0]).exists()


KILLED = """
import sys
from pathlib import Path
from taskgraph_core.engine.attempt import Call
from taskgraph_core.engine.single.attempt import Attempt, Origin
from taskgraph_core.engine.single.desk import Desk
from taskgraph_core.ir import Command, Task

place = Path(sys.argv[1])
line = "setsid sh -c 'echo $$ > child; exec sleep 600' & echo $$ > leader; sleep 600"
task = Task(id="1", action=Command(shell=line))
with Desk(output_limit=1000) as desk:
    print(desk.folder(), flush=True)
    desk.run(Attempt(Call(task, 1), Origin("g", sys.argv[2], place), print))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_nothing_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    program = [sys.executable, "-c", KILLED, str(tmp_path), str(tmp_path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        left = [written(tmp_path / "leader"), written(tmp_path / "child")]
        assert all(map(lives, left))
        os.kill(process.pid, signal.SIGKILL)

    while any(map(lives, left)) or folder.parent.exists():
        time.sleep(0.02)
