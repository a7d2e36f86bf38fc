"""Whatever ends a task ends all that it started, wherever that moved to."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import TaskEnded
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run
from taskgraph_core.ir import Command, Policy, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Project

STUBBORN = "trap '' TERM; echo $$ >> pids; (echo $(exec sh -c 'echo $PPID') >> pids; while :; do sleep 0.05; done) & "
"""A shell and a child that both ignore TERM; the child never ends."""

WAIT = "while :; do sleep 0.05; done"


def one(shell: str, **fields: object) -> TaskGraph:
    return TaskGraph(id="one", tasks=(Task(**{"id": "1", "action": Command(shell=shell), **fields}),))


def cancel_once_started(project: Project, shell: str, number: int, grace: float) -> None:
    """Run a line, and cancel the run when so many processes have written their numbers."""

    async def main() -> None:
        running = asyncio.create_task(run(one(shell), RunOptions(project.path, grace=grace)))
        while not (project.path / "pids").exists() or len(project.pids()) < number:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    asyncio.run(main())


def test_a_timeout_ends_a_whole_tree_that_ignores_term(project: Project, lives: Callable[[int], bool]) -> None:
    record = project.run(one(STUBBORN + WAIT, timeout=0.8))
    attempt = record.tasks[0].attempts[0]
    assert (attempt.outcome, attempt.exit_code, attempt.error) == ("failed", None, "timed out after 800 ms")
    assert len(project.pids()) == 2
    assert not any(map(lives, project.pids()))


def test_a_program_that_heeds_term_can_clean_up(project: Project) -> None:
    project.run(one("trap 'sleep 0.1; echo cleaned; exit 0' TERM; " + WAIT, timeout=0.8), grace=30.0)
    assert "cleaned\n" in project.log("1")


def test_a_child_that_outlives_its_shell_gets_the_grace_too(project: Project) -> None:
    child = "(trap 'sleep 0.2; echo cleaned; exit 0' TERM; while :; do sleep 0.02; done) & wait"
    project.run(one(child, timeout=0.8), grace=30.0)
    assert "cleaned\n" in project.log("1")


@pytest.mark.parametrize("code", [0, 1])
def test_nothing_stays_behind_a_program_that_ends_by_itself(
    project: Project, lives: Callable[[int], bool], code: int
) -> None:
    record = project.run(one(STUBBORN + f"sleep 0.5; exit {code}"))
    assert record.tasks[0].attempts[0].exit_code == code
    assert len(project.pids()) == 2
    assert not any(map(lives, project.pids()))


def test_the_run_timeout_cancels_what_runs_and_what_waits(project: Project, lives: Callable[[int], bool]) -> None:
    action = Command(shell=STUBBORN + WAIT)
    graph = graph_of("a", "b < a", "c", tasks={name: {"action": action} for name in "abc"}, policy=Policy(timeout=0.8))
    record = project.run(graph)
    assert record.states == {"a": "cancelled", "b": "cancelled", "c": "cancelled"}
    assert record.state == "failed"
    assert len(project.pids()) == 4
    assert not any(map(lives, project.pids()))


def test_cancelling_the_coroutine_leaves_nothing_running(project: Project, lives: Callable[[int], bool]) -> None:
    cancel_once_started(project, STUBBORN + WAIT, 2, grace=0.2)
    assert not any(map(lives, project.pids()))


def test_cancelling_the_coroutine_lets_programs_clean_up(project: Project) -> None:
    gentle = "trap 'sleep 0.2; echo cleaned > said; exit' TERM; echo $$ > pids; " + WAIT
    cancel_once_started(project, gentle, 1, grace=60.0)
    assert project.read("said") == "cleaned\n"


def test_an_observer_that_raises_ends_the_run_and_leaves_nothing_running(
    project: Project, lives: Callable[[int], bool]
) -> None:
    def object_to_ends(event: object) -> None:
        if isinstance(event, TaskEnded):
            raise BrokenPipeError

    graph = graph_of(
        "long",
        "short",
        tasks={"long": {"action": Command(shell=STUBBORN + WAIT)}, "short": {"action": Command(argv=("sleep", "0.8"))}},
    )
    with pytest.raises(BrokenPipeError):
        asyncio.run(run(graph, RunOptions(project.path, grace=0.2, max_parallel=2), [object_to_ends]))
    assert len(project.pids()) == 2
    assert not any(map(lives, project.pids()))


SERVICE = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.05; done"

STRAYS = {
    "a session of its own": "setsid sh service.sh & ",
    "a twice forked daemon": "(setsid sh -c 'sh service.sh & sh service.sh &' &); ",
    "a session within a session": "setsid sh -c 'setsid sh service.sh & sh service.sh' & ",
    "an orphan without environment, in a session with one that has it": (
        "setsid sh -c '(env -i PATH=\"$PATH\" sh service.sh &); sh service.sh' & "
    ),
}
NO_ENVIRONMENT = 'env -i PATH="$PATH" setsid sh service.sh & '
STARTED = "while [ ! -s pids ] || [ $(wc -l < pids) -lt {} ]; do sleep 0.02; done; "


@pytest.mark.parametrize("line", STRAYS.values(), ids=STRAYS)
@pytest.mark.parametrize("ending", ["exit 1", "kill -KILL $$"])
def test_an_attempt_that_fails_leaves_nothing_wherever_it_moved(
    project: Project, lives: Callable[[int], bool], line: str, ending: str
) -> None:
    project.write("service.sh", SERVICE)
    number = line.count("service.sh")
    record = project.run(one(line + STARTED.format(number) + ending))
    assert record.state == "failed"
    assert len(project.pids()) == number
    assert not any(map(lives, project.pids()))


@pytest.mark.parametrize("line", [*STRAYS.values(), NO_ENVIRONMENT], ids=[*STRAYS, "a child without environment"])
def test_an_attempt_that_is_cancelled_leaves_nothing_wherever_it_moved(
    project: Project, lives: Callable[[int], bool], line: str
) -> None:
    project.write("service.sh", SERVICE)
    number = line.count("service.sh")
    cancel_once_started(project, line + "sleep 600", number, grace=0.2)
    assert len(project.pids()) == number
    assert not any(map(lives, project.pids()))


def test_a_service_that_a_successful_task_started_is_left_alone(project: Project, lives: Callable[[int], bool]) -> None:
    project.write("service.sh", SERVICE)
    record = project.run(one("setsid sh service.sh & " + STARTED.format(1)))
    assert record.state == "success"
    (service,) = project.pids()
    assert lives(service)
    os.killpg(service, signal.SIGKILL)


def test_the_end_of_one_attempt_does_not_touch_what_another_started(
    project: Project, lives: Callable[[int], bool]
) -> None:
    project.write("service.sh", SERVICE)
    graph = graph_of(
        "start",
        "fail < start",
        tasks={
            "start": {"action": Command(shell="setsid sh service.sh & " + STARTED.format(1))},
            "fail": {"action": Command(shell="sleep 600"), "timeout": 0.3},
        },
    )
    project.run(graph)
    (service,) = project.pids()
    assert lives(service)
    os.killpg(service, signal.SIGKILL)


def test_what_is_started_while_everything_is_being_killed_is_killed_as_well(
    project: Project, lives: Callable[[int], bool]
) -> None:
    project.write("breeding.sh", "trap '' TERM; echo $$ >> pids; sleep 0.02; setsid sh breeding.sh & sleep 0.05")
    project.run(one("sh breeding.sh; sleep 600", timeout=1.0))
    assert len(project.pids()) > 3
    assert not any(map(lives, project.pids()))


def test_a_program_is_awaited_also_where_no_pidfd_can_be_had(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.pidfd_open")
    record = project.run(one("echo said; exit 3"))
    assert record.tasks[0].attempts[0].exit_code == 3
    assert project.log("1") == "said\n"


def test_no_file_descriptor_is_left_open(project: Project) -> None:

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    project.run(one("true"))
    before = open_files()
    project.run(graph_of(*"abcdef", tasks={name: {"action": Command(argv=("true",))} for name in "abcdef"}))
    assert open_files() == before
