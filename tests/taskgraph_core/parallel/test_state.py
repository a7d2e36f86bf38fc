"""A group taken up again does not do again what its journal has as success."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.errors import EngineError
from taskgraph_core.parallel import Claim, Resource, Retry, TaskResult, parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    Run = Callable[[Coroutine[Any, Any, Any]], Any]

calls: list[str] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


async def give(name: str, value: object) -> object:
    calls.append(name)
    if isinstance(value, Exception):
        raise value
    return value


async def life(state: Path, values: dict[str, object], **options: Any) -> dict[str, TaskResult[Any]]:
    async with parallel(2, name="docs", state=state, **options) as group:
        for name, value in values.items():
            group.add(give, name, value, name=name)
        return await group.gather_dict()


def test_successes_are_restored_with_their_values(run: Run, tmp_path: Path) -> None:
    values: dict[str, object] = {"a": {"x": [1, None, "é"]}, "b": None, "c": 3.5, "d": True}
    run(life(tmp_path / "docs", values))
    calls.clear()

    again = run(life(tmp_path / "docs", values))

    assert calls == []
    assert {name: result.value for name, result in again.items()} == values
    assert all(result.cached and result.attempts == 0 and result.ok for result in again.values())


def test_failures_and_what_is_new_are_computed(run: Run, tmp_path: Path) -> None:
    run(life(tmp_path, {"a": 1, "b": ValueError("no")}))
    calls.clear()

    again = run(life(tmp_path, {"new": 5, "b": 2, "a": 1}))
    third = run(life(tmp_path, {"a": 1, "b": 2, "new": 5}))

    assert calls == ["new", "b"]
    assert {name: (result.value, result.cached) for name, result in again.items()} == {
        "new": (5, False),
        "b": (2, False),
        "a": (1, True),
    }
    assert all(result.cached for result in third.values())


@pytest.mark.parametrize("value", [(1, 2), {1: "x"}, {1, 2}, b"x", float("nan"), "x" * 70_000, object()])
def test_a_value_that_json_would_change_is_computed_again(run: Run, tmp_path: Path, value: object) -> None:
    for _ in range(2):
        results = run(life(tmp_path, {"a": value}))
        assert results["a"].value is value

    assert calls == ["a", "a"]


def test_a_task_that_was_tried_several_times_is_restored_and_one_record_tells_all(run: Run, tmp_path: Path) -> None:
    async def flaky() -> int:
        calls.append("flaky")
        if len(calls) < 3:
            raise ValueError
        return 7

    async def main() -> TaskResult[Any]:
        db = Resource(name="db", capacity=1)
        async with parallel(name="docs", state=tmp_path, resources=[db]) as group:
            group.add(flaky, name="f", retry=Retry(attempts=3), claims=(Claim(resource="db"),))
            return (await group.gather())[0]

    run(main())
    assert run(main()).value == 7

    assert len(calls) == 3
    record = json.loads((tmp_path / "record.json").read_text())
    assert [attempt["outcome"] for attempt in record["tasks"][0]["attempts"]] == ["failed", "failed", "success"]
    assert len(record["resumed"]) == 1


def test_a_group_stopped_halfway_goes_on(run: Run, tmp_path: Path) -> None:
    first = run(life(tmp_path, {"a": 1, "b": ValueError("no"), "c": 3}, on_error="stop", timeout=5))
    again = run(life(tmp_path, {"a": 1, "b": 2, "c": 3}))

    assert first["b"].state == "failed"
    assert {name: result.value for name, result in again.items()} == {"a": 1, "b": 2, "c": 3}


def test_tasks_need_names_and_groups_folders_of_their_own(run: Run, tmp_path: Path) -> None:
    async def nameless() -> None:
        async with parallel(state=tmp_path / "x") as group:
            group.add(give, "a", 1)

    async def other() -> None:
        async with parallel(name="other", state=tmp_path / "docs"):
            raise AssertionError

    async def twice() -> None:
        async with parallel(name="docs", state=tmp_path / "docs"), parallel(name="docs", state=tmp_path / "docs"):
            raise AssertionError

    run(life(tmp_path / "docs", {"a": 1}))

    with pytest.raises(EngineError, match="without a name"):
        run(nameless())
    with pytest.raises(EngineError, match="state of the group 'docs'"):
        run(other())
    with pytest.raises(EngineError, match="another engine"):
        run(twice())


def test_a_folder_that_cannot_be_made_is_an_error_in_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(EngineError, match="folder cannot be made"):
        run(life(tmp_path / "file" / "docs", {"a": 1}))


def test_one_journal_is_enough(tmp_path: Path) -> None:
    class Nowhere:
        def write(self, events: object, /) -> None:
            pass

    with pytest.raises(EngineError, match="one journal"):
        parallel(journal=Nowhere(), state=tmp_path)


def test_a_journal_hears_before_anybody_else(run: Run) -> None:
    story: list[str] = []

    class Notes:
        def write(self, events: Any, /) -> None:
            story.extend(f"journal {type(event).__name__}" for event in events)

    def observe(event: object) -> None:
        story.append(type(event).__name__)

    async def main() -> None:
        async with parallel(journal=Notes(), observers=[observe]) as group:
            group.add(give, "a", 1)

    run(main())

    for kind in ("RunStarted", "TaskAdded", "TaskStarted", "TaskEnded", "TaskFinal", "RunEnded"):
        assert story.index(f"journal {kind}") < story.index(kind)


PROGRAM = """
import asyncio, os, signal, sys
from pathlib import Path
from taskgraph_core.parallel import parallel

async def work(number):
    with open("calls", "a") as calls:
        calls.write(f"{number}\\n")
    await asyncio.sleep(0.001)
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return number

async def main():
    async with parallel(3, name="killed", state=Path("state")) as group:
        for number in range(30):
            group.add(work, number, name=str(number))
        print(sum(result.value for result in await group.gather(raise_errors=True)))

DEADLY = int(sys.argv[1])
asyncio.run(main())
"""


def test_nothing_recorded_as_done_is_done_again_after_a_kill(tmp_path: Path) -> None:
    def start(deadly: int) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-c", PROGRAM, str(deadly)]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ)

    killed = [start(deadly).returncode for deadly in (7, 19)]
    last = start(-1)

    counts = [(tmp_path / "calls").read_text().split().count(str(number)) for number in range(30)]
    assert killed == [-signal.SIGKILL, -signal.SIGKILL]
    assert (last.returncode, last.stdout) == (0, f"{sum(range(30))}\n")
    assert min(counts) == 1
    assert sum(counts) <= 30 + 2 * 3  # only what was under way, at most three at a time
    assert counts[0] == 1
