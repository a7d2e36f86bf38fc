"""Flow runs that are taken up again, and runs that are interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from prefect import get_client
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH
from prefect.states import Scheduled

from prefect_integration.generating.target import PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.generate import write_files
from taskgraph_core.ir import Command, Policy, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from prefect.states import State

    from taskgraph_core.ir import TaskGraph

    FlowOf = Callable[[TaskGraph], Any]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where tasks write that they ran."""
    place = tmp_path / "log"
    place.touch()
    return place


def notes(log: Path, line: str = "") -> Command:
    return Command(argv=("/bin/sh", "-c", f"echo $TASKGRAPH_TASK_ID >> {log}; {line}"))


def unnotes(log: Path, line: str = "") -> Command:
    return Command(argv=("/bin/sh", "-c", f"echo undo $TASKGRAPH_TASK_ID >> {log}; {line}"))


def retry(flow: Any, run_id: UUID) -> State:
    """What ``prefect flow-run retry ID --entrypoint ...`` does."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, Scheduled(message="Retried"), force=True)
        flow_run = client.read_flow_run(run_id)
    state: State = run_flow(flow, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")
    return state


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines()


def run_id(state: State) -> UUID:
    found = state.state_details.flow_run_id
    assert found is not None
    return found


def test_a_retry_repeats_nothing_that_was_done(flow_of: FlowOf, log: Path, tmp_path: Path) -> None:
    tasks = {
        "a": {"action": notes(log)},
        "b": {"action": notes(log, f"test -e {tmp_path}/repaired")},
        "c": {"action": notes(log)},
        "d": {"action": notes(log, "exit 99")},
    }
    graph = graph_of("a", "b < a", "c < b", "d", tasks=tasks, policy=Policy(max_parallel=1))
    flow = flow_of(graph)
    first = flow(return_state=True)
    before = lines(log)
    (tmp_path / "repaired").touch()
    second = retry(flow, run_id(first))
    third = retry(flow, run_id(first))

    assert sorted(before) == ["a", "b", "d"]
    assert lines(log)[len(before) :] == ["b", "c"]
    assert (first.is_failed(), second.is_completed(), third.is_completed()) == (True, True, True)
    assert second.message == third.message == "1 skipped, 3 success"


def test_the_page_of_a_retry_shows_what_was_found_done(
    flow_of: FlowOf, recorded: Callable[..., Any], log: Path, tmp_path: Path
) -> None:
    tasks = {"a": {"action": notes(log)}, "b": {"action": notes(log, f"test -e {tmp_path}/repaired")}}
    graph = graph_of("a", "b < a", tasks=tasks)
    flow = flow_of(graph)
    first = flow(return_state=True)
    (tmp_path / "repaired").touch()
    run = recorded(retry(flow, run_id(first)), graph)

    assert [attempt.state_name for attempt in run.of("a")] == ["Completed", "Cached"]
    assert [(attempt.name, attempt.state_name) for attempt in run.of("b")] == [
        ("b", "Failed"),
        ("b (attempt 2)", "Completed"),
    ]


def test_what_is_recorded_is_json(flow_of: FlowOf, log: Path) -> None:
    state = flow_of(graph_of("a", tasks={"a": {"action": notes(log)}}))(return_state=True)
    folder = PREFECT_RESULTS_LOCAL_STORAGE_PATH.value() / "taskgraph" / str(run_id(state))
    texts = [place.read_text() for place in sorted(folder.rglob("*.json"))]

    assert "".join(texts).startswith("[")
    assert all(text.isascii() for text in texts)
    assert not [place for place in folder.rglob("*") if place.is_file() and place.suffix != ".json"]


def test_a_changed_plan_uses_nothing_of_the_old_one(flow_of: FlowOf, log: Path) -> None:
    tasks = {"a": {"action": notes(log)}, "b": {"action": notes(log, "exit 1")}}
    first = flow_of(graph_of("a", "b < a", tasks=tasks))(return_state=True)
    tasks["b"] = {"action": notes(log)}
    second = retry(flow_of(graph_of("a", "b < a", tasks=tasks)), run_id(first))

    assert lines(log) == ["a", "b", "a", "b"]
    assert second.is_completed()


def test_what_was_undone_is_done_again(flow_of: FlowOf, log: Path, tmp_path: Path) -> None:
    tasks = {
        "a": {"action": notes(log), "rollback": unnotes(log)},
        "b": {"action": notes(log)},
        "c": {"action": notes(log, f"test -e {tmp_path}/repaired"), "rollback": unnotes(log)},
    }
    flow = flow_of(graph_of("a", "b < a", "c < b", tasks=tasks, policy=Policy(rollback=True)))
    first = flow(return_state=True)
    (tmp_path / "repaired").touch()
    second = retry(flow, run_id(first))

    assert lines(log)[:4] == ["a", "b", "c", "undo a"]
    assert sorted(lines(log)[4:]) == ["a", "c"]  # all that c itself waits for is done
    assert first.message == "1 failed, 2 success, 1 of 1 undone"
    assert second.message == "3 success"


def test_a_dry_run_records_nothing(flow_of: FlowOf, log: Path) -> None:
    flow = flow_of(graph_of("a", tasks={"a": {"action": notes(log)}}))
    dry = flow(return_state=True, dry_run=True)

    assert not (PREFECT_RESULTS_LOCAL_STORAGE_PATH.value() / "taskgraph" / str(run_id(dry))).exists()


# -- flows in processes of their own, which can be killed --------------------------------------------


class Script:
    """The generated file of a graph, run as a program."""

    def __init__(self, graph: TaskGraph, folder: Path) -> None:
        place = write_files(generate(graph, PrefectOptions()).files, folder)[0]
        with get_client(sync_client=True) as client:
            url = str(client.api_url)
        self.output = folder / "output"
        with self.output.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, str(place)],
                env={**os.environ, "PREFECT_API_URL": url, "PREFECT_LOGGING_LEVEL": "INFO"},
                stdout=stream,
                stderr=stream,
            )

    def run_id(self, names: str) -> UUID:
        """The newest run of the flow of that name."""
        with get_client(sync_client=True) as client:
            flow = client.read_flow_by_name(names)
            runs = client.read_flow_runs()
        return max((run for run in runs if run.flow_id == flow.id), key=lambda run: run.created).id


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[[TaskGraph], Script]]:
    started: list[Script] = []

    def start(graph: TaskGraph) -> Script:
        folder = tmp_path / f"script{len(started)}"
        folder.mkdir()
        started.append(Script(graph, folder))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


def test_after_the_flow_was_killed_a_retry_goes_on_where_it_was(
    flow_of: FlowOf,
    script: Callable[[TaskGraph], Script],
    log: Path,
    tmp_path: Path,
    written: Callable[[Path], str],
    gone: Callable[[int], None],
) -> None:
    # The pause lets what ended be recorded, which is done a moment later: see `REST` of the journal.
    once = f"test -e {tmp_path}/leader || {{ sleep 1; echo $$ > {tmp_path}/leader; exec sleep 600; }}"
    tasks = {"a": {"action": notes(log)}, "b": {"action": notes(log, once)}, "c": {"action": notes(log)}}
    graph = graph_of("a", "b < a", "c < b", tasks=tasks, id="killed")
    first = script(graph)
    leader = int(written(tmp_path / "leader"))
    first.process.kill()
    first.process.wait()
    state = retry_killed(flow_of(graph), first.run_id("killed"))

    gone(leader)
    assert lines(log) == ["a", "b", "b", "c"]
    assert state.message == "3 success"


def retry_killed(flow: Any, run: UUID) -> State:
    """What a worker does first: it says that the run crashed."""
    from prefect.states import Crashed  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, Crashed(message="killed"), force=True)
    return retry(flow, run)


def test_a_rollback_that_was_killed_is_brought_to_its_end_first(
    flow_of: FlowOf, script: Callable[[TaskGraph], Script], log: Path, tmp_path: Path, written: Callable[[Path], str]
) -> None:
    once = f"test -e {tmp_path}/leader || {{ echo $$ > {tmp_path}/leader; exec sleep 600; }}"
    tasks = {
        "a": {"action": notes(log), "rollback": unnotes(log)},
        "b": {"action": notes(log), "rollback": unnotes(log, once)},
        "c": {"action": notes(log, f"test -e {tmp_path}/leader")},
    }
    graph = graph_of("a", "b < a", "c < b", tasks=tasks, policy=Policy(rollback=True), id="half_undone")
    first = script(graph)
    written(tmp_path / "leader")
    first.process.kill()
    first.process.wait()
    flow = flow_of(graph)
    second = retry_killed(flow, first.run_id("half_undone"))
    third = retry(flow, run_id(second))

    assert second.message == "1 failed, 2 success, 2 of 2 undone"
    assert lines(log) == ["a", "b", "c", "undo b", "undo b", "undo a", "a", "b", "c"]
    assert third.message == "3 success"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_ends_what_runs_and_is_rolled_back(
    script: Callable[[TaskGraph], Script],
    log: Path,
    tmp_path: Path,
    written: Callable[[Path], str],
    gone: Callable[[int], None],
    number: int,
) -> None:
    tasks = {
        "a": {"action": notes(log), "rollback": unnotes(log)},
        "b": {"action": notes(log, f"echo $$ > {tmp_path}/leader; exec sleep 600"), "rollback": unnotes(log)},
        "c": {"action": notes(log)},
    }
    first = script(graph_of("a", "b < a", "c < b", tasks=tasks, policy=Policy(rollback=True), id="interrupted"))
    leader = int(written(tmp_path / "leader"))
    first.process.send_signal(number)
    first.process.wait()

    gone(leader)
    assert first.process.returncode != 0
    assert lines(log) == ["a", "b", "undo a"]


def test_a_rollback_is_tried_again_and_bounded_like_its_task(flow_of: FlowOf, log: Path, tmp_path: Path) -> None:
    tasks = {
        "a": {
            "action": notes(log),
            "rollback": unnotes(log, f"test -e {tmp_path}/tried || {{ touch {tmp_path}/tried; exit 1; }}"),
            "retry": Retry(attempts=2),
        },
        "b": {"action": notes(log), "rollback": unnotes(log, "exec sleep 600"), "timeout": 2.0},
        "c": {"action": notes(log, "exit 1")},
    }
    state = flow_of(graph_of("a", "b < a", "c < b", tasks=tasks, policy=Policy(rollback=True)))(return_state=True)

    assert lines(log) == ["a", "b", "c", "undo b", "undo a", "undo a"]
    assert state.message == "1 failed, 2 success, 1 of 2 undone"


def test_a_run_whose_time_is_over_is_rolled_back(flow_of: FlowOf, log: Path) -> None:
    tasks = {
        "a": {"action": notes(log), "rollback": unnotes(log)},
        "b": {"action": notes(log, "exec sleep 600"), "rollback": unnotes(log)},
    }
    graph = graph_of("a", "b < a", tasks=tasks, policy=Policy(rollback=True, timeout=5.0))
    state = flow_of(graph)(return_state=True)

    assert lines(log) == ["a", "b", "undo a"]
    assert state.message == "the run's timeout has passed: 1 cancelled, 1 success, 1 of 1 undone"
