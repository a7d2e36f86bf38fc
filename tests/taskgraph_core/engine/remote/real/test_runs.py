"""The same graph means the same on a cluster."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import RunStopping
from taskgraph_core.engine.remote import on_dask
from taskgraph_core.errors import TaskgraphError
from taskgraph_core.ir import Command, Noop, Python, Retry, Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.clusters import OnCluster

    Later = Callable[[Callable[[], object]], None]


def line(text: str, **fields: Any) -> Command:
    return Command(**{"shell": text, **fields})


MIXED = graph_of(
    "ok",
    "skips",
    "fails",
    "after < ok",
    "blocked < fails",
    "anyway < fails",
    "missing",
    "call",
    "alone",
    "raises",
    "wait < ok",
    "end < after call",
    tasks={
        "ok": {"action": line("echo out; echo err >&2; env | grep ^TASKGRAPH_ | sort; cat $TASKGRAPH_TASK_JSON")},
        "skips": {"action": line("exit 99")},
        "fails": {"action": line("echo x >> tries; exit 3"), "retry": Retry(attempts=3)},
        "after": {"action": Command(argv=("./here.sh", "a b"), cwd="sub", env={"MINE": "yes"})},
        "anyway": {"action": line("true"), "trigger_rule": "all_done"},
        "missing": {"action": Command(argv=("no-such-program",))},
        "call": {"action": Python(entry_point="jobs:add", kwargs={"a": 2, "b": 3})},
        "alone": {"action": Python(entry_point="jobs:add", kwargs={"a": 2, "b": 4}, process=True)},
        "raises": {"action": Python(entry_point="jobs:boom")},
        "wait": {"action": Wait(what="file", target="sub")},
        "end": {"action": Noop()},
    },
)


@pytest.fixture
def project(setup: OnCluster, home: Path) -> OnCluster:
    """One folder for all tests, as a worker calls functions of one project only in its own process."""
    setup.path = home
    (setup.path / "sub").mkdir()
    here = setup.path / "here.sh"
    here.write_text('#!/bin/sh\necho "$1 $MINE $(basename $PWD)"\n')
    here.chmod(0o755)
    (setup.path / "jobs.py").write_text(
        "import time\n"
        "def add(a, b):\n    print('adding', a, b)\n    return {'sum': a + b}\n"
        "def boom():\n    raise ValueError('no')\n"
        "async def naps(seconds):\n    import asyncio\n    await asyncio.sleep(seconds)\n"
        "def sleeps(seconds):\n"
        "    import os, pathlib\n"
        "    with open(pathlib.Path(__file__).parent / 'pids', 'a') as f:\n        print(os.getpid(), file=f)\n"
        "    time.sleep(seconds)\n"
    )
    return setup


def test_a_graph_ends_as_on_this_machine(project: OnCluster) -> None:
    there = project.run(MIXED)
    here = project.run(MIXED, executor="")

    assert there.states == here.states
    for one, other in zip(there.tasks, here.tasks, strict=True):
        ends = [[(a.outcome, a.exit_code, a.result) for a in task.attempts] for task in (one, other)]
        assert ends[0] == ends[1]
    assert (project.path / "tries").read_text() == "x\n" * 6


def test_the_record_and_the_logs_say_what_happened_there(project: OnCluster) -> None:
    record = project.run(MIXED)
    first = record.by_id["ok"].attempts[0]
    log = project.log(record, "ok.1.log")

    assert record.system == project.url.partition(":")[0]
    assert first.worker.startswith(f"{socket.gethostname()}/")
    assert first.cpu_seconds is not None
    assert log.startswith("out\nerr\nTASKGRAPH_ATTEMPT=1\nTASKGRAPH_GRAPH_ID=example\nTASKGRAPH_IDEMPOTENCY_KEY=")
    assert log.endswith(MIXED.by_id["ok"].model_dump_json())
    assert project.log(record, "after.1.log") == "a b yes sub\n"
    assert project.log(record, "call.1.log") == "adding 2 3\n"
    assert project.log(record, "alone.1.log") == "adding 2 4\n"
    assert "ValueError: no" in project.log(record, "raises.1.log")
    assert record.by_id["raises"].attempts[0].error == "ValueError: no"
    assert "cannot start 'no-such-program': No such file" in record.by_id["missing"].attempts[0].error


def test_long_output_keeps_its_start_and_its_end(setup: OnCluster) -> None:
    graph = graph_of("1", tasks={"1": {"action": line("echo first; yes | head -c 1000000; echo last")}})
    log = setup.log(setup.run(graph, output_limit=10_000), "1.1.log")

    assert log.startswith("first\n")
    assert log.endswith("last\n")
    assert "left out" in log
    assert len(log) < 11_000


TREE = "trap '' TERM; (sleep 600 & echo $! >> pids; setsid sleep 600 & echo $! >> pids; wait) & echo $$ >> pids; wait"


def test_timeouts_end_whole_trees_coroutines_and_processes(project: OnCluster) -> None:
    late = {
        "tree": line(TREE),
        "coroutine": Python(entry_point="jobs:naps", kwargs={"seconds": 600}),
        "process": Python(entry_point="jobs:sleeps", kwargs={"seconds": 600}, process=True),
    }
    graph = graph_of(*late, tasks={name: {"action": action, "timeout": 3} for name, action in late.items()})
    record = project.run(graph, grace=1)

    # A busy machine may take that long to begin one of them, which has then not begun at all.
    assert {task.attempts[0].error for task in record.tasks} == {"timed out after 3 s"}
    assert not any(project.lives(pid) for pid in project.pids())


def test_an_interrupt_ends_what_runs_and_what_waits_for_a_place(project: OnCluster, later: Later) -> None:
    names = [str(number) for number in range(8)]  # more than the cluster has places
    sleep = Python(entry_point="jobs:sleeps", kwargs={"seconds": 600}, process=True)
    actions = {**dict.fromkeys(names, line("echo $$ >> pids; exec sleep 600")), "0": line(TREE), "1": sleep}
    graph = graph_of(
        *names,
        tasks={
            name: {"action": action, "priority": "high" if name < "2" else "low"} for name, action in actions.items()
        },
    )
    events: list[Any] = []
    later(lambda: project.interrupt(6))
    record = project.run(graph, events.append, max_parallel=8)

    assert set(record.states.values()) == {"cancelled"}
    assert [event.reason for event in events if isinstance(event, RunStopping)] == ["it was interrupted"]
    assert not any(project.lives(pid) for pid in project.pids())


def test_the_second_interrupt_leaves_no_grace(setup: OnCluster, later: Later) -> None:
    graph = graph_of("1", tasks={"1": {"action": line("trap '' TERM; echo $$ >> pids; while :; do sleep 0.1; done")}})

    def again(event: object) -> None:
        if isinstance(event, RunStopping) and not event.at_once:
            os.kill(os.getpid(), signal.SIGINT)

    later(lambda: setup.interrupt(1))
    record = setup.run(graph, again, grace=600)

    assert record.states == {"1": "cancelled"}
    assert not any(setup.lives(pid) for pid in setup.pids(1))


def test_a_plain_function_is_ended_with_its_worker_or_said_to_go_on(project: OnCluster, later: Later) -> None:
    sleep = Python(entry_point="jobs:sleeps", kwargs={"seconds": 5})
    later(lambda: project.interrupt(1))
    record = project.run(graph_of("1", tasks={"1": {"action": sleep}}))
    error = record.by_id["1"].attempts[0].error

    if project.url.startswith("dask"):
        assert "may still be running" in error
    else:
        assert error == ""
        project.wait_for_end(project.pids(1))


def test_a_project_that_is_not_there_is_said(setup: OnCluster, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskgraph_core.engine.remote import executor  # noqa: PLC0415
    from taskgraph_core.engine.remote.orders import order_of  # noqa: PLC0415

    def elsewhere(*arguments: Any, **named: Any) -> Any:
        return {**order_of(*arguments, **named), "project": "/nowhere/at/all"}

    monkeypatch.setattr(executor, "order_of", elsewhere)
    record = setup.run(graph_of("1", tasks={"1": {"action": line("true")}}))

    assert record.states == {"1": "failed"}
    assert "the project folder '/nowhere/at/all' does not exist there" in record.by_id["1"].attempts[0].error


def test_nobody_at_the_address_is_an_error_that_leaves_nothing(
    setup: OnCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_dask, "CONNECT_WITHIN", 1.0)
    with pytest.raises(TaskgraphError, match="cannot connect to a Dask scheduler"):
        setup.run(graph_of("1"), executor="dask://127.0.0.1:9")
    assert not (setup.path / ".taskgraph").exists()
