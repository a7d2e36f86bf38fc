"""Runs on a cluster that is as bad as a test wants it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.engine import remote
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.remote import cluster
from taskgraph_core.engine.remote.cluster import LostError, UnreachableError
from taskgraph_core.engine.run import resume_graph, run, run_graph
from taskgraph_core.engine.rundir import runs
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Policy, Python, Retry, Wait

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from taskgraph_core.record import RunRecord

DONE = {"ended": "exited", "code": 0, "cpu_seconds": 1.5, "peak_memory": 7, "output": b"hi\n", "worker": "host/1"}
DO = Command(argv=("true",))


class FakeJob:
    def __init__(self, home: FakeCluster, order: dict[str, Any], answer: Any) -> None:
        self.stoppable = home.stoppable
        self.order = order
        self.words: list[str] = []
        self.closed = False
        self._home = home
        self._answer = answer
        self._said = asyncio.Event()

    async def reply(self) -> dict[str, Any]:
        while self._answer is None:
            await self._said.wait()
            self._said.clear()
            self._answer = self._home.when_told(self.words[-1])
        if isinstance(self._answer, Exception):
            if isinstance(self._answer, UnreachableError):
                self._home.lost.set()
            raise self._answer
        answer: dict[str, Any] = self._answer
        return answer

    def say(self, word: str) -> None:
        self.words.append(word)
        self._said.set()

    def close(self) -> None:
        self.closed = True


class FakeCluster:
    """Answers orders one after the other; None is an answer that comes only when the job is told to end."""

    system = "dask"
    places = 3
    lease = 0.2
    stoppable = True

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.jobs: list[FakeJob] = []
        self.closed = False
        self.when_told: Callable[[str], Any] = lambda word: {"ended": "stopped", "gone": True, "worker": "host/1"}

    def send(self, order: dict[str, Any]) -> FakeJob:
        self.jobs.append(FakeJob(self, order, self.answers.pop(0) if self.answers else DONE))
        return self.jobs[-1]

    async def watch(self, lost: Callable[[], None]) -> None:
        self.lost = asyncio.Event()
        await self.lost.wait()
        lost()

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunRecord]:
    monkeypatch.setattr(cluster, "MARGIN", 0.1)

    def carry_out(home: FakeCluster, *lines: str, resume: bool = False, **fields: Any) -> RunRecord:
        @asynccontextmanager
        async def connected(url: str) -> AsyncIterator[FakeCluster]:
            yield home
            await home.close()

        monkeypatch.setattr(remote, "connected", connected)
        options = RunOptions(project=tmp_path, executor="dask://host:1", grace=0.1)
        if resume:
            return resume_graph(next(iter(runs(tmp_path))), None, options)
        return run_graph(graph_of(*lines, **fields), options)

    return carry_out


def test_what_comes_back_is_what_is_recorded(on: Any, tmp_path: Path) -> None:
    home = FakeCluster(DONE)
    record = on(home, "1", tasks={"1": {"action": DO}})
    (attempt,) = record.by_id["1"].attempts

    assert record.system == "dask"
    assert (attempt.outcome, attempt.exit_code, attempt.worker) == ("success", 0, "host/1")
    assert (attempt.cpu_seconds, attempt.peak_memory) == (1.5, 7)
    assert (next(iter(runs(tmp_path))).log("1", 1)).read_text() == "hi\n"
    assert home.jobs[0].closed
    assert home.closed


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ({**DONE, "code": 99}, "skipped", ""),
        ({**DONE, "code": 4}, "failed", "exit code 4"),
        ({**DONE, "code": -9}, "failed", "ended by SIGKILL"),
        ({"ended": "cannot", "error": "no", "worker": "h"}, "failed", "on h: no"),
        (
            {"ended": "lost", "worker": "h"},
            "failed",
            "its worker did not hear from the engine any more, so it ended it",
        ),
        ({"ended": "stopped", "worker": "h"}, "failed", "it was ended on its worker, though nobody here wanted that"),
        (LostError("gone"), "failed", "gone"),
        (RuntimeError("broken"), "failed", "RuntimeError: broken"),
    ],
)
def test_every_end_has_its_meaning(on: Any, answer: Any, state: str, error: str) -> None:
    record = on(FakeCluster(answer), "1", tasks={"1": {"action": DO}})

    assert (record.by_id["1"].state, record.by_id["1"].attempts[0].error) == (state, error)


def test_a_function_returns_its_value(on: Any) -> None:
    here = {"ended": "returned", "outcome": "success", "error": "", "value": [1], "worker": "h"}
    alone = {**DONE, "told": {"value": [2]}}
    action = Python(entry_point="a:b")
    tasks = {"1": {"action": action}, "2": {"action": action.model_copy(update={"process": True})}}
    record = on(FakeCluster(here, alone), "1", "2 < 1", tasks=tasks)

    assert [task.attempts[0].result for task in record.tasks] == [[1], [2]]


def test_a_lost_attempt_is_tried_again(on: Any) -> None:
    home = FakeCluster(LostError("gone"), DONE)
    record = on(home, "1", tasks={"1": {"action": DO, "retry": Retry(attempts=2)}})

    assert [attempt.outcome for attempt in record.by_id["1"].attempts] == ["failed", "success"]
    assert home.jobs[0].order["key"] != home.jobs[1].order["key"]


def test_what_does_nothing_and_what_waits_stays_here(on: Any, tmp_path: Path) -> None:
    home = FakeCluster()
    record = on(home, "1", "2", tasks={"2": {"action": Wait(what="file", target=str(tmp_path))}})

    assert record.state == "success"
    assert home.jobs == []


def test_a_timeout_is_told_and_its_end_awaited(on: Any) -> None:
    home = FakeCluster(None)
    record = on(home, "1", tasks={"1": {"action": DO, "timeout": 0.1}})

    assert home.jobs[0].words == ["stop"]
    assert record.by_id["1"].attempts[0].error == "timed out after 100 ms"


def test_what_does_not_stop_is_killed(on: Any) -> None:
    home = FakeCluster(None)
    gone = {"ended": "stopped", "gone": True, "worker": "h", "output": b"last words\n"}
    home.when_told = lambda word: gone if word == "kill" else None
    on(home, "1", tasks={"1": {"action": DO, "timeout": 0.1}})

    assert home.jobs[0].words == ["stop", "kill"]


def test_what_cannot_be_ended_is_said(on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskgraph_core.engine.remote.executor.KILL_PATIENCE", 0.1)
    home = FakeCluster(None, {"ended": "never"})
    home.when_told = lambda word: None
    stuck = on(home, "1", tasks={"1": {"action": DO, "timeout": 0.1}})
    assert stuck.by_id["1"].attempts[0].error == "timed out after 100 ms; it could not be ended on its worker"

    home = FakeCluster(None)
    home.stoppable = False
    home.when_told = lambda word: None
    thread = on(home, "1", tasks={"1": {"action": Python(entry_point="a:b"), "timeout": 0.1}})
    assert "may still be running" in thread.by_id["1"].attempts[0].error
    assert home.jobs[0].words == ["stop"]

    home = FakeCluster(None)
    home.when_told = lambda word: {"ended": "stopped", "gone": False, "worker": "h"}
    rest = on(home, "1", tasks={"1": {"action": DO, "timeout": 0.1}})
    assert rest.by_id["1"].attempts[0].error.endswith("not all of its processes on h could be ended")


def test_as_many_run_as_the_cluster_has_places_unless_somebody_says_otherwise(on: Any) -> None:
    names = [str(number) for number in range(6)]
    tasks = {name: {"action": DO, "timeout": 0.2} for name in names}
    home = FakeCluster(*[None] * 6)
    on(home, *names, tasks=tasks, policy=Policy(failure_threshold=1))
    assert len(home.jobs) == 3

    home = FakeCluster(*[None] * 6)
    on(home, *names, tasks=tasks, policy=Policy(failure_threshold=1, max_parallel=2))
    assert len(home.jobs) == 2


def test_losing_the_cluster_ends_the_run_and_nothing_is_taken_for_done(
    on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LEASE", 0.1)
    tasks = {"1": {"action": DO}, "2": {"action": DO, "retry": Retry(attempts=3)}}
    with pytest.raises(EngineError, match="the connection to the cluster was lost") as caught:
        on(FakeCluster(DONE, UnreachableError()), "1", "2 < 1", tasks=tasks)
    assert caught.value.where == "dask://host:1"

    home = FakeCluster()
    record = on(home, resume=True)

    assert record.state == "success"
    assert len(home.jobs) == 1
    assert [attempt.outcome for attempt in record.by_id["2"].attempts] == ["cancelled", "success"]


def test_cancelling_the_caller_ends_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = FakeCluster(None)

    @asynccontextmanager
    async def connected(url: str) -> AsyncIterator[FakeCluster]:
        yield home

    monkeypatch.setattr(remote, "connected", connected)

    async def main() -> None:
        graph = graph_of("1", tasks={"1": {"action": DO}})
        work = asyncio.ensure_future(run(graph, RunOptions(project=tmp_path, executor="dask://host:1")))
        while not home.jobs:  # noqa: ASYNC110 - the fake has no event
            await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(main())

    assert home.jobs[0].words == ["stop"]
    assert home.jobs[0].closed
