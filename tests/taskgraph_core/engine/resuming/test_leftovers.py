"""Programs that outlived their engine, real ones, in every place they could hide."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.engine.actions.workspace import idempotency_key
from taskgraph_core.engine.events import TaskEnded, TaskSpawned, TaskStarted
from taskgraph_core.engine.processes.leftovers import end_leftovers
from taskgraph_core.engine.resuming.leftovers import trees
from taskgraph_core.record import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskgraph_core.engine.events import Event

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="leftovers are found in /proc")

UNDER_WAY: list[Event] = [
    TaskStarted(1.0, "done", 1),
    TaskStarted(1.0, "1", 1),
    TaskEnded(2.0, "done", Attempt(number=1, started=1.0, ended=2.0, outcome="success")),
]


def environment(task_id: str = "1", run_id: str = "run") -> dict[str, str]:
    return {
        **os.environ,
        "TASKGRAPH_RUN_ID": run_id,
        "TASKGRAPH_ATTEMPT": "1",
        "TASKGRAPH_IDEMPOTENCY_KEY": idempotency_key(run_id, task_id),
    }


@pytest.fixture
def start() -> Iterator[Callable[..., int]]:
    """Start a shell line in a session of its own, as an engine does; its process number, once it says so."""
    started: list[subprocess.Popen[str]] = []

    def begin(line: str, variables: dict[str, str]) -> int:
        program = subprocess.Popen(
            ["/bin/sh", "-c", line], env=variables, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(program)
        assert program.stdout is not None
        return int(program.stdout.readline())

    yield begin
    for program in started:
        program.kill()
        program.wait()
        assert program.stdout is not None
        program.stdout.close()


def born(pid: int) -> int:
    return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])


STAY = "echo $$; while :; do sleep 0.05; done"


@pytest.mark.parametrize(
    "line",
    [STAY, f"trap '' TERM HUP INT; {STAY}", "setsid sh -c 'echo $$; exec sleep 100' & exit 0"],
    ids=["plain", "stubborn", "in a session of its own, its parent gone"],
)
def test_what_was_under_way_is_ended(start: Callable[..., int], lives: Callable[[int], bool], line: str) -> None:
    pid = start(line, environment())
    assert lives(pid)

    assert end_leftovers(trees("run", UNDER_WAY)) >= 1

    assert not lives(pid)


def test_a_program_without_an_environment_is_known_by_number_and_birth(
    start: Callable[..., int], lives: Callable[[int], bool]
) -> None:
    pid = start(STAY, {})
    spawned = TaskSpawned(1.5, "1", 1, pid, born(pid))

    end_leftovers(trees("run", [*UNDER_WAY, spawned]))

    assert not lives(pid)


def test_what_a_leftover_started_without_an_environment_goes_with_it(
    start: Callable[..., int], lives: Callable[[int], bool]
) -> None:
    pid = start("env -i setsid sh -c 'echo $$; exec sleep 100' & wait", environment())

    end_leftovers(trees("run", UNDER_WAY))

    assert not lives(pid)


def test_another_program_that_got_the_same_number_is_left_alone(
    start: Callable[..., int], lives: Callable[[int], bool]
) -> None:
    pid = start(STAY, {})
    spawned = TaskSpawned(1.5, "1", 1, pid, born(pid) - 1)

    assert end_leftovers(trees("run", [*UNDER_WAY, spawned])) == 0

    assert lives(pid)


@pytest.mark.parametrize("variables", [environment("done"), environment("1", "other"), dict(os.environ)])
def test_other_tasks_runs_and_programs_are_left_alone(
    start: Callable[..., int], lives: Callable[[int], bool], variables: dict[str, str]
) -> None:
    pid = start(STAY, variables)

    assert end_leftovers(trees("run", UNDER_WAY)) == 0

    assert lives(pid)


def test_nothing_is_looked_for_where_nothing_was_under_way(
    start: Callable[..., int], lives: Callable[[int], bool]
) -> None:
    pid = start(STAY, environment("done"))

    assert end_leftovers(trees("run", UNDER_WAY[:1] + UNDER_WAY[2:])) == 0

    assert lives(pid)


def test_a_program_that_keeps_starting_others_does_not_escape(tmp_path: Path, lives: Callable[[int], bool]) -> None:
    line = f'echo $$ >> {tmp_path}/pids; sleep 0.01; setsid sh "$0" & sleep 0.01; exit 0'
    script = tmp_path / "hare"
    script.write_text(line)
    hare = subprocess.Popen(["/bin/sh", script], env=environment(), start_new_session=True)
    hare.wait()
    time.sleep(0.3)

    end_leftovers(trees("run", UNDER_WAY))

    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) > 3
    assert not any(map(lives, pids))
    time.sleep(0.1)
    assert len((tmp_path / "pids").read_text().split()) == len(pids)


RESUMER = """
from taskgraph_core.engine.events import TaskStarted
from taskgraph_core.engine.processes.leftovers import end_leftovers
from taskgraph_core.engine.resuming.leftovers import trees
print(end_leftovers(trees("run", [TaskStarted(1.0, "1", 1)])))
"""


@pytest.mark.parametrize("way", ["", "setsid --wait"], ids=["in its session", "in a session of its own"])
def test_one_who_resumes_from_within_the_task_does_not_end_itself(way: str) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", f"{way} '{sys.executable}' -c '{RESUMER}'; exit 0"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )

    assert (ended.stdout, ended.returncode) == ("0\n", 0)


def test_a_stopped_program_is_ended_too(start: Callable[..., int], lives: Callable[[int], bool]) -> None:
    pid = start(STAY, environment())
    os.kill(pid, signal.SIGSTOP)

    end_leftovers(trees("run", UNDER_WAY))

    assert not lives(pid)
