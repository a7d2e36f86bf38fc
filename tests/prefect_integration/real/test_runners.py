"""Generated flows on every task runner; Dask and Ray where they are installed."""

from __future__ import annotations

import os
import signal
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from prefect.task_runners import ThreadPoolTaskRunner

from prefect_integration.running.dispatch import Dispatcher
from support.graphs import graph_of
from taskgraph_core.ir import Command, Noop, Policy, Python, Retry, Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Flows = Callable[..., Any]


def _where_installed(runner: str) -> Any:
    package = f"prefect_{runner}"
    return pytest.param(runner, marks=pytest.mark.skipif(find_spec(package) is None, reason=f"without {package}"))


RUNNERS = ["threads", "processes", _where_installed("dask"), _where_installed("ray")]


def sh(line: str) -> Command:
    return Command.model_validate({"shell": line})


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project folder, with a module of functions."""
    (tmp_path / "steps_on_runners.py").write_text(
        "import os, pathlib\n"
        "def name(path):\n    pathlib.Path(path).write_text(str(os.getpid()))\n"
        "def die_once(path):\n"
        "    place = pathlib.Path(path)\n"
        "    if not place.exists():\n        place.touch()\n        os._exit(3)\n"
        "def interrupt():\n    raise KeyboardInterrupt\n"
        "def leave():\n    raise SystemExit(4)\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def function(name: str, **kwargs: Any) -> Python:
    return Python(entry_point=f"steps_on_runners:{name}", kwargs=kwargs)


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_kind_of_action_and_of_end_is_the_same_on_every_runner(flow_of: Flows, steps: Path, runner: str) -> None:
    tasks: dict[str, dict[str, Any]] = {
        "command": {"action": sh('test "$TASKGRAPH_TASK_ID" = command && pwd > pwd')},
        "function": {"action": function("name", path=str(steps / "worker"))},
        "skip": {"action": sh("exit 99")},
        "fail": {"action": sh("exit 3"), "retry": Retry(attempts=2)},
        "late": {"action": sh("sleep 600"), "timeout": 1.0},
        "interrupt": {"action": function("interrupt")},
        "leave": {"action": function("leave")},
        "there": {"action": Wait(what="file", target="pwd", interval=0.05)},
        "nothing": {"action": Noop()},
        "after": {"action": Noop(), "trigger_rule": "all_done"},
        "never": {"action": Noop()},
    }
    lines = [*list(tasks)[:-2], "after < command fail skip", "never < fail"]
    graph = graph_of(*lines, tasks=tasks, policy=Policy(max_parallel=2))
    state = flow_of(graph, runner=runner)(return_state=True)

    assert state.is_failed()
    assert state.message == "4 failed, 1 skipped, 5 success, 1 upstream_failed"
    assert (steps / "pwd").read_text() == f"{steps}\n"
    assert ((steps / "worker").read_text() == str(os.getpid())) is (runner == "threads")


@pytest.mark.parametrize("runner", RUNNERS[1:])
def test_a_worker_that_dies_fails_its_attempt_only(flow_of: Flows, steps: Path, runner: str) -> None:
    tasks: dict[str, dict[str, Any]] = {
        "dies": {"action": function("die_once", path=str(steps / "died")), "retry": Retry(attempts=2), "estimate": 9},
        "next": {"action": sh("true")},
    }
    graph = graph_of("dies", "next", "last < dies next", tasks=tasks, policy=Policy(max_parallel=1))
    state = flow_of(graph, runner=runner)(return_state=True)

    assert state.message == "3 success"


def test_a_wait_takes_no_worker(flow_of: Flows, steps: Path) -> None:
    tasks: dict[str, dict[str, Any]] = {
        "waits": {"action": Wait(what="file", target="made", interval=0.05), "estimate": 9},
        "makes": {"action": sh("touch made")},
    }
    flow = flow_of(graph_of(*tasks, tasks=tasks, policy=Policy(max_parallel=2)))
    state = flow.with_options(task_runner=ThreadPoolTaskRunner(max_workers=1))(return_state=True)

    assert (state.message, (steps / "made").exists()) == ("2 success", True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_graph_of_two_hundred_needs_no_more_than_a_worker_or_two(flow_of: Flows, workers: int) -> None:
    lines = [f"{n} < {n // 2} {n // 3}" if n > 3 else str(n) for n in range(1, 201)]
    flow = flow_of(graph_of(*lines, tasks={str(n): {"action": sh("true")} for n in range(1, 201, 10)}))
    state = flow.with_options(task_runner=ThreadPoolTaskRunner(max_workers=workers))(return_state=True)

    assert state.message == "200 success"


@pytest.mark.parametrize("runner", RUNNERS)
def test_an_interruption_ends_whole_trees(
    flow_of: Flows,
    steps: Path,
    written: Callable[[Path], str],
    gone: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    runner: str,
) -> None:
    line = "setsid sh -c 'echo $$ > child; exec sleep 600' & sleep 600"
    flow = flow_of(graph_of("a", tasks={"a": {"action": sh(line)}}, policy=Policy(max_parallel=1)), runner=runner)
    begun: list[Dispatcher] = []
    to_the_end = Dispatcher.to_the_end
    monkeypatch.setattr(Dispatcher, "to_the_end", lambda self: (begun.append(self), to_the_end(self))[1])

    def interrupt() -> None:
        written(steps / "child")
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        flow(return_state=True)

    gone(int((steps / "child").read_text()))
    assert begun[0].cut_short
