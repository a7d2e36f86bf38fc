from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.generating.names import ROLL_BACK, task_names, undo_name
from airflow_provider.generating.pools import seats
from airflow_provider.generating.rollback import MOST_PASSED_ON, undo_rows
from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Claim, Command, Policy, Python, Resource, Retry, TaskGraph

if TYPE_CHECKING:
    from airflow_provider.generating.table import Row

RUN = Command(argv=("true",))
UNDO = Command(argv=("undo",))
BACK = Policy(rollback=True)


def rows(graph: TaskGraph) -> dict[str, Row]:
    return undo_rows(graph, seats(graph), "/srv")


def after(graph: TaskGraph) -> dict[str, list[str]]:
    return {name: cast("list[str]", row["after"]) for name, row in rows(graph).items()}


def undoable(*lines: str, only: str = "", **fields: Any) -> TaskGraph:
    graph = graph_of(*lines, policy=BACK, **fields)
    tasks = tuple(
        task.model_copy(update={"action": RUN, "rollback": UNDO if not only or task.id in only.split() else None})
        for task in graph.tasks
    )
    return graph.model_copy(update={"tasks": tasks})


def test_without_the_policy_or_without_rollbacks_nothing_is_undone() -> None:
    assert rows(undoable("1").model_copy(update={"policy": Policy()})) == {}
    assert rows(graph_of("1", policy=BACK)) == {}


def test_tasks_are_undone_in_reverse_order_of_the_graph() -> None:
    assert after(undoable("1", "2 < 1", "3 < 1", "4 < 2 3")) == {
        "undo_t4": [ROLL_BACK],
        "undo_t3": ["undo_t4"],
        "undo_t2": ["undo_t4"],
        "undo_t1": ["undo_t2", "undo_t3"],
    }


def test_the_order_goes_across_tasks_that_have_nothing_to_undo() -> None:
    assert after(undoable("1", "2 < 1", "3 < 2", only="1 3")) == {"undo_t3": [ROLL_BACK], "undo_t1": ["undo_t3"]}


def test_many_that_meet_in_one_task_do_not_all_know_each_other() -> None:
    many = 2 * MOST_PASSED_ON
    first, last = [f"1{number}" for number in range(many)], [f"3{number}" for number in range(many)]
    graph = undoable(*first, f"2 < {' '.join(first)}", *[f"{each} < 2" for each in last], only=" ".join(first + last))

    waits = after(graph)

    assert waits["undo_t2"] == [f"undo_t{each}" for each in last]
    assert waits["undo_t10"] == ["undo_t2"]
    assert "undoes" not in rows(graph)["undo_t2"]


def test_undoing_is_tried_told_and_seated_like_the_task_itself() -> None:
    graph = graph_of(
        "1.1",
        policy=BACK,
        resources=(Resource(name="db", capacity=3),),
        tasks={
            "1.1": {
                "title": "Load",
                "group": "1",
                "action": RUN,
                "claims": (Claim(resource="db", slots=2),),
                "retry": Retry(attempts=3, delay=5),
                "timeout": 60,
                "rollback": Command(argv=("./unload",), env={"TABLE": "orders"}),
            }
        },
    )

    assert rows(graph)["undo_t1_1"] == {
        "id": "1.1",
        "title": "Load",
        "group": "1",
        "undoes": "t1_1",
        "after": [ROLL_BACK],
        "command": ["./unload"],
        "env": {"TABLE": "orders"},
        "pool": "taskgraph_db",
        "pool_slots": 2,
        "retries": 2,
        "retry_delay": 5,
        "execution_timeout": 60,
    }


def test_what_does_nothing_is_seated_while_it_is_undone() -> None:
    claims = {"claims": (Claim(resource="db"),), "rollback": UNDO}
    graph = graph_of("1", policy=BACK, resources=(Resource(name="db", capacity=3),), tasks={"1": claims})

    assert rows(graph)["undo_t1"]["pool"] == "taskgraph_db"
    assert seats(graph.model_copy(update={"policy": Policy()})) == {}


def test_a_function_may_undo_as_well() -> None:
    graph = graph_of("1", policy=BACK, tasks={"1": {"rollback": Python(entry_point="a.b:c", kwargs={"n": 1})}})

    row = rows(graph)["undo_t1"]

    assert (row["call"], row["arguments"]) == ("a.b:c", {"n": 1})


class SkippedError(Exception):
    """In place of Airflow's DownstreamTasksSkipped."""

    def __init__(self, *, tasks: list[str]) -> None:
        self.tasks = tasks


class Instance:
    """In place of Airflow's task instance: it knows how the tasks of the run have ended."""

    run_id = "run"

    def __init__(self, states: dict[str, str]) -> None:
        self.states = states

    def get_task_states(self, **_: object) -> dict[str, dict[str, str]]:
        return {self.run_id: self.states}


def functions(graph: TaskGraph, **names: Any) -> dict[str, Any]:
    """Tables and functions of the generated file, which then know these names as well."""
    text = TARGET.generate(graph, AirflowOptions(project_dir="/srv")).files[f"{graph.id}.py"]
    above = ast.parse(text[: text.index("\ndag = DAG(")]).body
    body = [node for node in above if isinstance(node, ast.FunctionDef | ast.Assign)]
    wanted = [node for node in body if not getattr(node, "decorator_list", ())]
    exec(compile(ast.Module(wanted, []), graph.id, "exec"), names)  # noqa: S102 - what was just generated
    return names


def skipped_at_once(graph: TaskGraph, states: dict[str, str]) -> set[str]:
    """What ``roll_back`` of the generated file skips in a run that ended so."""
    try:
        functions(graph, DownstreamTasksSkipped=SkippedError)["roll_back"](Instance(states))
    except SkippedError as skipped:
        return set(skipped.tasks)
    return set()


class Sensor:
    """In place of Airflow's sensors, and of its other operators."""

    def __init__(self, execution_timeout: timedelta | None = None, timeout: float = 1e9) -> None:
        self.execution_timeout = execution_timeout
        self.timeout = timeout
        self.retry_policy = ""


def bounded(task: Sensor, elapsed: float) -> Sensor:
    """The task as it begins so many seconds after its run, which may take a minute."""
    graph = graph_of("1", policy=Policy(rollback=True, timeout=60), tasks={"1": {"rollback": UNDO}})
    names = {
        "UTC": UTC,
        "datetime": datetime,
        "timedelta": timedelta,
        "AirflowFailException": TimeoutError,
        "AirflowTaskTimeout": TimeoutError,
        "BaseSensorOperator": Sensor,
        "RetryAction": SimpleNamespace(FAIL="fail"),
        "RetryRule": lambda error, action: f"{error.__name__}: {action}",
        "ExceptionRetryPolicy": ", ".join,
    }
    run = SimpleNamespace(start_date=datetime.now(UTC) - timedelta(seconds=elapsed))
    functions(graph, **names)["in_time"]({"dag_run": run, "task": task})
    return task


def test_a_task_has_what_is_left_of_the_time_of_its_run() -> None:
    free, waiting = bounded(Sensor(), 50), bounded(Sensor(timeout=1e6), 50)
    own = bounded(Sensor(timedelta(seconds=1), timeout=2), 50)

    assert free.execution_timeout is not None
    assert timedelta(0) < free.execution_timeout <= timedelta(seconds=10)
    assert free.retry_policy == "TimeoutError: fail"
    assert 0 < waiting.timeout <= 10
    assert (own.execution_timeout, own.timeout, own.retry_policy) == (timedelta(seconds=1), 2, "")


def test_once_the_time_of_its_run_is_over_no_task_begins() -> None:
    with pytest.raises(TimeoutError, match="time of the run is over"):
        bounded(Sensor(), 61)


@given(graph=graphs(claims=False), data=st.data())
def test_whatever_succeeded_is_undone_after_all_that_was_built_on_it(graph: TaskGraph, data: st.DataObject) -> None:
    graph = graph.model_copy(update={"policy": BACK})
    table = rows(graph)
    if not table:
        return
    names = task_names(graph.by_id)
    states = {
        task.id: data.draw(st.sampled_from(["success", "failed", "skipped", "upstream_failed"])) for task in graph.tasks
    }
    in_airflow = {names[task_id]: state for task_id, state in states.items()}

    skipped = skipped_at_once(graph, in_airflow)

    to_undo = [task.id for task in graph.tasks if task.rollback and states[task.id] == "success"]
    succeeded = {undo_name(names[task_id]) for task_id in to_undo if "failed" in states.values()}
    assert not succeeded & skipped
    ended_before: dict[str, set[str]] = {}
    for name, others in after(graph).items():  # what is skipped at once has ended before it waited for anything
        waits_for = [other for other in others if other != ROLL_BACK and other not in skipped]
        ended_before[name] = set(waits_for).union(*(ended_before[other] for other in waits_for))
    built_on: dict[str, set[str]] = {}
    for task in graph.tasks:
        built_on[task.id] = set(task.depends_on).union(*(built_on[other] for other in task.depends_on))
        undo = undo_name(names[task.id])
        if undo in succeeded:
            below = {undo_name(names[other]) for other in built_on[task.id]} & succeeded
            assert all(undo in ended_before[other] for other in below)
    if "failed" not in states.values():
        assert skipped == set(table)
