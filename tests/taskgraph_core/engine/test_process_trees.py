"""Whatever ends a task ends all of its process group."""

from __future__ import annotations

import asyncio
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
    async def main() -> None:
        running = asyncio.create_task(run(one(STUBBORN + WAIT), RunOptions(project.path, grace=0.2)))
        while not (project.path / "pids").exists() or len(project.pids()) < 2:  # noqa: ASYNC110 - a shell sets no event
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()

    asyncio.run(main())
    assert not any(map(lives, project.pids()))


def test_cancelling_the_coroutine_lets_programs_clean_up(project: Project) -> None:
    async def main() -> None:
        gentle = "trap 'sleep 0.2; echo cleaned > said; exit' TERM; echo $$ > pids; " + WAIT
        running = asyncio.create_task(run(one(gentle), RunOptions(project.path, grace=60.0)))
        while not (project.path / "pids").exists() or not project.pids():  # noqa: ASYNC110 - a shell sets no event
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
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
