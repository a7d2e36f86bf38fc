from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider.running.attempt import Attempt, Ended, Where
from taskgraph_core.engine.actions.entry_point import Function
from taskgraph_core.engine.attempt import Call
from taskgraph_core.environment import task_environment
from taskgraph_core.ir import Command, Python, Task, TaskGraph

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def where(tmp_path: Path) -> Where:
    return Where("a.dag", "manual__1", -1, tmp_path)


def shell(line: str, **fields: Any) -> Task:
    return Task(id="1", action=Command(shell=line), **fields)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def carried_out(task: Task, where: Where, number: int = 1) -> tuple[Ended, list[str]]:
    told: list[str] = []
    return Attempt(Call(task, number), where, told.append).run(), told


def test_a_program_is_told_of_its_task_and_its_output_is_told(where: Where) -> None:
    task = Task(
        id="5.2",
        title="{{ 7*7 }}",
        group="5",
        priority="high",
        action=Command(argv=(sys.executable, "-c", "import os; [print(k, v) for k, v in os.environ.items()]")),
    )

    ended, told = carried_out(task, where, number=3)

    assert ended.result.outcome == "success"
    names = {line.partition(" ")[0]: line.partition(" ")[2] for line in told}
    expected = task_environment(TaskGraph.model_construct(id="a.dag"), task)
    assert {name: names[name] for name in expected} == expected
    assert (names["TASKGRAPH_RUN_ID"], names["TASKGRAPH_ATTEMPT"]) == ("manual__1", "3")
    assert names["TASKGRAPH_TASK_JSON"]


def test_equal_run_ids_of_different_dags_and_mapped_tasks_have_keys_of_their_own(where: Where) -> None:
    task = shell("echo $TASKGRAPH_IDEMPOTENCY_KEY")
    places = [where, Where("b", "manual__1", -1, where.project), Where("a.dag", "manual__1", 1, where.project)]

    assert len({carried_out(task, place)[1][0] for place in places}) == 3
    assert carried_out(task, where, 1)[1] == carried_out(task, where, 2)[1]


def test_a_failure_has_its_last_lines(where: Where) -> None:
    ended, told = carried_out(shell("seq 20; exit 3"), where)

    assert (ended.result.outcome, ended.result.exit_code, ended.timed_out) == ("failed", 3, False)
    assert ended.last_lines == tuple(str(number) for number in range(11, 21))
    assert told == [str(number) for number in range(1, 21)]


def test_a_timeout_ends_grandchildren_in_sessions_of_their_own(where: Where) -> None:
    place = where.project / "pid"
    ended, _ = carried_out(shell(f"setsid sh -c 'echo $$ > {place}; exec sleep 600' & sleep 600", timeout=1.0), where)

    assert ended.result.outcome == "failed"
    assert ended.timed_out
    assert "timed out after 1 s" in ended.result.error
    assert not alive(int(place.read_text()))


def test_it_can_be_ended_from_outside(where: Where) -> None:
    place = where.project / "pid"
    begun = threading.Event()
    attempt = Attempt(Call(shell(f"echo $$ > {place}; echo begun; sleep 600"), 1), where, lambda _: begun.set())
    stopper = threading.Thread(target=lambda: begun.wait(60) and attempt.stop())
    stopper.start()
    ended = attempt.run()
    stopper.join()

    assert ended.result.outcome == "cancelled"
    assert not alive(int(place.read_text()))


def test_one_that_was_ended_before_it_began_does_nothing_to_the_end(where: Where) -> None:
    attempt = Attempt(Call(shell("sleep 600"), 1), where, print)
    attempt.stop()

    assert attempt.run().result.outcome == "cancelled"


def test_functions_of_the_project_return_what_json_can_hold(where: Where) -> None:
    (where.project / "attempted_functions.py").write_text(
        "def double(x):\n    return {'twice': 2 * x}\nasync def fail():\n    raise RuntimeError('no')\n"
    )
    for process in (False, True):
        action = Python(entry_point="attempted_functions:double", kwargs={"x": 4}, process=process)
        assert carried_out(Task(id="1", action=action), where)[0].result.value == {"twice": 8}
    ended, told = carried_out(Task(id="1", action=Python(entry_point="attempted_functions:fail")), where)

    assert ended.result.error == "RuntimeError: no"
    assert any("Traceback" in line for line in told)
    assert str(where.project) not in sys.path


def test_a_function_can_be_given_instead(where: Where) -> None:
    task = Task(id="1", action=Python(entry_point="no_such_module:function"))

    ended = Attempt(Call(task, 1), where, print, Function(os.getpid, is_coroutine=False)).run()

    assert ended.result.value == os.getpid()


def test_a_rollback_is_told_that_it_is_one(where: Where) -> None:
    task = Task(id="1", rollback=Command(shell="echo undo=$TASKGRAPH_UNDO; exit 1"))
    ended = Attempt(Call(task, 1, undo=True), where, print).run()

    assert ended.last_lines == ("undo=1",)
