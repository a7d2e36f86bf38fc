from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from airflow_provider.running.attempt import Attempt, Where
from airflow_provider.running.leftovers import under_way
from taskgraph_core.engine.attempt import Call
from taskgraph_core.ir import Command, Task

FIRST = """
import sys
from pathlib import Path
from airflow_provider.running.attempt import Attempt, Where
from airflow_provider.running.leftovers import under_way
from taskgraph_core.engine.attempt import Call
from taskgraph_core.ir import Task

place = Path(sys.argv[1])
attempt = Attempt(Call(Task.model_validate_json(sys.argv[2]), 1), Where("d", "r", -1, place), print)
with under_way(place / "marks", attempt.key, 1):
    attempt.run()
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def second(task: Task, place: Path) -> int:
    """Processes that the second attempt had to end before it began."""
    attempt = Attempt(Call(task, 2), Where("d", "r", -1, place), print)
    with under_way(place / "marks", attempt.key, attempt.number) as ended:
        return ended


def test_what_a_killed_attempt_left_is_ended_before_the_next(tmp_path: Path) -> None:
    text = "setsid sh -c 'echo $$ > pid.tmp; mv pid.tmp pid; exec sleep 600'"
    task = Task(id="1", action=Command(shell=text))
    command = [sys.executable, "-c", FIRST, str(tmp_path), task.model_dump_json()]
    with subprocess.Popen(command) as first:
        while not (tmp_path / "pid").exists():
            assert first.poll() is None
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)

    assert second(task, tmp_path) >= 1
    assert not alive(pid)
    assert second(task, tmp_path) == 0


def test_a_service_that_a_success_left_on_purpose_stays(tmp_path: Path) -> None:
    text = "setsid sh -c 'echo $$ > pid.tmp; mv pid.tmp pid; exec sleep 600' & while ! test -e pid; do sleep 0.05; done"
    task = Task(id="1", action=Command(shell=text))
    subprocess.run([sys.executable, "-c", FIRST, str(tmp_path), task.model_dump_json()], check=True)
    with_pid = int((tmp_path / "pid").read_text())
    try:
        assert second(task, tmp_path) == 0
        assert alive(with_pid)
    finally:
        subprocess.run(["kill", "-KILL", str(with_pid)], check=True)


def test_without_a_folder_nothing_is_marked_and_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "marks").touch()

    assert second(Task(id="1"), tmp_path) == 0
