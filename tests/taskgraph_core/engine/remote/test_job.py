"""Jobs and their supervisors, in real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.worker import on_worker
from taskgraph_core.engine.remote.package import package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONE_JOB = """
import sys
from pathlib import Path
from support.worker import Words, Worker
Worker(Path(sys.argv[1]), Words()).line(sys.argv[2], grace=600.0)
"""

STUBBORN = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.05; done"


def parent(pid: int) -> int:
    return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def pids(tmp_path: Path) -> Callable[[int], list[int]]:
    def read(count: int) -> list[int]:
        place = tmp_path / "pids"
        while not place.exists() or len(place.read_text().split()) < count:
            time.sleep(0.01)
        return [int(pid) for pid in place.read_text().split()]

    return read


@pytest.fixture
def soon() -> Iterator[Callable[[Callable[[], object]], None]]:
    threads = []

    def begin(work: Callable[[], object]) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield begin
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("code", [0, 3, 99])
def test_a_program_ends_with_its_code_and_what_it_printed(worker: Any, code: int) -> None:
    reply = worker.line(f"echo out; echo err >&2; exit {code}")

    assert (reply["ended"], reply["code"], reply["output"]) == ("exited", code, b"out\nerr\n")
    assert reply["gone"]
    assert reply["worker"] == "host/1"
    assert reply["cpu_seconds"] is not None


def test_a_program_is_told_what_the_order_says(worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKGRAPH_UNDO", "of the worker")
    (worker.project / "sub").mkdir()
    script = worker.project / "tell"
    script.write_text(
        '#!/bin/sh\necho "$1|$TASKGRAPH_TASK_TITLE|$TASKGRAPH_UNDO|$(basename "$PWD")"; cat $TASKGRAPH_TASK_JSON'
    )
    script.chmod(0o755)
    title = {b"TASKGRAPH_TASK_TITLE": b"\xff;"}
    reply = worker.do(command={"argv": ["./tell", "a b"], "cwd": "sub"}, variables=title, task=b'{"id": "1"}')

    assert reply["output"] == b'a b|\xff;||sub\n{"id": "1"}'


def test_what_cannot_be_started_says_why(worker: Any) -> None:
    missing = worker.do(command={"argv": ["no-such-program"], "cwd": ""})
    nowhere = worker.do(command={"argv": ["true"], "cwd": "no/such/folder"})
    unfit = worker.do(command={"argv": ["echo", "a\0b"], "cwd": ""})
    elsewhere = worker.do(command={"argv": ["true"], "cwd": ""}, project="/no/such/project")

    assert {reply["ended"] for reply in (missing, nowhere, unfit, elsewhere)} == {"cannot"}
    assert missing["error"] == "cannot start 'no-such-program': No such file or directory: 'no-such-program'"
    assert "no/such/folder" in nowhere["error"]
    assert "null byte" in unfit["error"]
    assert elsewhere["error"] == "the project folder '/no/such/project' does not exist there"


def test_what_the_engine_does_not_want_is_not_begun(worker: Any) -> None:
    worker.words.first = "stop"
    assert worker.line("touch begun")["ended"] == "refused"
    worker.words.first = "lost"
    assert worker.line("touch begun")["ended"] == "lost"
    assert not (worker.project / "begun").exists()


def test_stop_gives_time_to_end(worker: Any, soon: Any, pids: Any) -> None:
    def stop() -> None:
        pids(1)
        worker.words.says = "stop"

    soon(stop)
    reply = worker.line("trap 'echo bye; exit 5' TERM; echo $$ >> pids; while :; do sleep 0.05; done", grace=60.0)

    assert (reply["ended"], reply["code"]) == ("stopped", 5)
    assert reply["output"].endswith(b"bye\n")


def test_what_does_not_stop_is_killed_with_all_it_started(worker: Any, soon: Any, pids: Any, lives: Any) -> None:
    def stop() -> None:
        pids(2)
        worker.words.says = "stop"

    soon(stop)
    reply = worker.line(f"setsid sh -c {STUBBORN!r} & {STUBBORN}")

    assert (reply["ended"], reply["gone"]) == ("stopped", True)
    assert not any(lives(pid) for pid in pids(2))


def test_kill_gives_no_time(worker: Any, soon: Any, pids: Any, lives: Any) -> None:
    def kill() -> None:
        pids(1)
        worker.words.says = "kill"

    soon(kill)
    reply = worker.line(STUBBORN, grace=600.0)

    assert (reply["ended"], reply["code"]) == ("stopped", -signal.SIGKILL)
    assert not lives(pids(1)[0])


def test_without_a_lease_nothing_lives_on(worker: Any, pids: Any, lives: Any) -> None:
    worker.words.seconds = 0.4
    begun = time.monotonic()
    worker.words.left = lambda: begun + 0.4 - time.monotonic()
    reply = worker.line(STUBBORN, grace=600.0)

    assert (reply["ended"], reply["gone"]) == ("lost", True)
    assert not lives(pids(1)[0])


def test_a_lease_that_is_renewed_lasts(worker: Any) -> None:
    worker.words.seconds = 0.6

    assert worker.line("sleep 1.5; echo done")["output"] == b"done\n"


def test_a_worker_that_dies_takes_its_programs_along(worker: Any, pids: Any, lives: Any) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, "-c", ONE_JOB, str(worker.project), STUBBORN], env=env) as process:
        (pid,) = pids(1)
        process.kill()

    while lives(pid):
        time.sleep(0.01)


def test_a_supervisor_that_dies_is_said_and_its_program_killed(worker: Any, soon: Any, pids: Any, lives: Any) -> None:
    def kill() -> None:
        (pid,) = pids(1)
        os.kill(parent(pid), signal.SIGKILL)

    soon(kill)
    with pytest.raises(RuntimeError, match="watched over the program was ended"):
        worker.line(STUBBORN)
    while lives(pids(1)[0]):
        time.sleep(0.01)


def test_a_success_leaves_its_services_alone_and_nothing_else(worker: Any, pids: Any, lives: Any) -> None:
    moved = "setsid sh -c 'echo $$ >> pids; exec sleep 600' & until test -s pids; do sleep 0.01; done"
    reply = worker.line(f"{moved}; sleep 600 & echo $! >> pids")
    service, helper = pids(2)

    assert reply["ended"] == "exited"
    assert lives(service)
    assert not lives(helper)
    os.kill(service, signal.SIGKILL)


def test_long_output_keeps_its_start_and_its_end(worker: Any) -> None:
    output = worker.line("echo first; yes | head -c 300000; echo last", limit=1_000)["output"]

    assert output.startswith(b"first\n")
    assert output.endswith(b"last\n")
    assert b"the middle of the output is left out" in output
    assert len(output) < 1_100


MODULE = """
import asyncio, os, pathlib
def add(a, b):
    print("adding")
    return a + b
def where():
    return os.getpid()
def boom():
    raise ValueError("no")
async def naps():
    await asyncio.sleep(600)
async def wakes():
    await asyncio.sleep(0)
    return "awake"
"""


@pytest.fixture
def function(worker: Any) -> Callable[..., dict[str, Any]]:
    name = f"jobs_{worker.project.name.replace('-', '_')}"
    (worker.project / f"{name}.py").write_text(MODULE)

    def call(function: str, *, process: bool, **kwargs: Any) -> dict[str, Any]:
        wanted = {"entry_point": f"{name}:{function}", "kwargs": kwargs}
        found: dict[str, Any] = worker.do(function=wanted, process=process)
        return found

    return call


@pytest.fixture(autouse=True)
def _worker_of_nobody(worker: Any) -> None:
    on_worker("engine.actions.returned:kept", None)
    sys.modules[f"{package().name}.engine.remote.worker.job"].__dict__["_home"].clear()


def test_a_function_returns_a_value(function: Any) -> None:
    here, alone = function("add", process=False, a=1, b=2), function("add", process=True, a=1, b=2)

    assert (here["ended"], here["outcome"], here["value"]) == ("returned", "success", 3)
    assert (alone["ended"], alone["code"], alone["told"], alone["output"]) == ("exited", 0, {"value": 3}, b"adding\n")


def test_a_function_runs_where_it_asked_to(function: Any) -> None:
    assert function("where", process=False)["value"] == os.getpid()
    assert function("where", process=True)["told"]["value"] != os.getpid()


def test_a_function_that_fails_says_so(function: Any) -> None:
    here, alone = function("boom", process=False), function("boom", process=True)

    assert (here["outcome"], here["error"]) == ("failed", "ValueError: no")
    assert (alone["code"], alone["told"]) == (1, {"error": "ValueError: no"})
    assert b"Traceback" in here["output"]
    assert b"Traceback" in alone["output"]


def test_a_coroutine_is_awaited_and_can_be_stopped(function: Any, worker: Any, soon: Any) -> None:
    assert function("wakes", process=False)["value"] == "awake"

    def stop() -> None:
        time.sleep(0.3)
        worker.words.says = "stop"

    soon(stop)
    assert function("naps", process=False)["ended"] == "stopped"


def test_functions_of_two_projects_with_modules_of_one_name_do_not_meet(worker: Any) -> None:
    values = []
    for name in ("one", "two"):
        project = worker.project / name
        project.mkdir()
        (project / "module_of_both.py").write_text(f"def name():\n    return {name!r}\n")
        function = {"entry_point": "module_of_both:name", "kwargs": {}}
        reply = worker.do(function=function, process=False, project=str(project))
        values.append(reply["value"] if "value" in reply else reply["told"]["value"])

    assert values == ["one", "two"]
