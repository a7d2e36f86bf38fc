from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pendulum
import pytest
from airflow.models.pool import Pool
from airflow.sdk import DAG, TriggerRule, WeightRule
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
from airflow.serialization.serialized_objects import DagSerialization, OperatorSerialization
from airflow.timetables.base import TimeRestriction
from airflow.utils.session import create_session
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from airflow_provider.generating.groups import grouping, places, surroundings
from airflow_provider.generating.names import (
    ALL_ENDED,
    ROLL_BACK,
    ROLLBACK_GROUP,
    SENTINEL,
    group_name,
    task_names,
)
from airflow_provider.generating.pools import pools_used, seats
from airflow_provider.generating.rollback import undo_rows
from airflow_provider.generating.sentinel import sentinel_of
from airflow_provider.generating.target import TARGET, AirflowOptions
from airflow_provider.generating.text import document
from airflow_provider.provider import get_provider_info
from support.graphs import graph_of, graphs
from taskgraph_core.compile import Request, compile_request
from taskgraph_core.ir import Command, Noop, Policy, Python, Schedule, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_provider.generating.pools import Seat
    from taskgraph_core.ir import Task, TaskGraph

ROOT = Path(__file__).resolve().parents[3]

OPERATORS = {
    Command: {"BashOperator", "TaskgraphOperator"},
    Python: {"PythonOperator", "TaskgraphOperator"},
    Wait: {"WaitUntil", "WaitForFile", "WaitForTime"},
    Noop: {"EmptyOperator"},
}
GATES = ("any_failed_", "skip_")


def before(dag: DAG, task_id: str) -> set[str]:
    """What a task waits for, seen through its gates."""
    upstream = {other for other in dag.task_dict[task_id].upstream_task_ids if not other.startswith("any_failed_")}
    behind = [before(dag, other) if other.startswith(GATES) else {other} for other in upstream]
    return set().union(*behind)


def assert_carried_out_the_same(made: Any, task: Task, seat: Seat | None, pools: Mapping[str, Any]) -> None:
    """What a task takes, and how it is tried."""
    if isinstance(task.action, Noop):
        return
    assert (made.pool, made.pool_slots) == ((seat.pool.name, seat.slots) if seat else ("default_pool", 1))
    assert made.pool_slots <= (pools[made.pool]["slots"] if seat else 1)
    assert made.weight_rule == WeightRule.ABSOLUTE
    if not isinstance(task.action, Wait):
        assert made.retries == task.retry.attempts - 1
        assert made.execution_timeout == (timedelta(seconds=task.timeout) if task.timeout else None)
        assert made.do_xcom_push is (type(made).__name__ == "TaskgraphOperator")
    else:
        assert made.retries == max(task.retry.attempts - 1, 1)
    if made.retries:
        assert made.retry_delay == timedelta(seconds=task.retry.delay)
        grows = task.retry.factor > 1 and made.retries > 1
        assert made.retry_exponential_backoff == (task.retry.factor if grows else 0)
        assert made.max_retry_delay == (timedelta(seconds=task.retry.max_delay) if grows else None)


def assert_means_the_same(dag: DAG, graph: TaskGraph, pools: Mapping[str, Any]) -> None:
    """Everything a graph says is read back from its DAG."""
    names = task_names(graph.by_id)
    taken, place, shown = seats(graph), places(graph), grouping(graph).shown
    sentinel = sentinel_of(graph)
    undo = undo_rows(graph, taken, "")
    closing = [ALL_ENDED, SENTINEL] if sentinel and sentinel.asks else [SENTINEL] if sentinel else []
    planned = {task_id for task_id in dag.task_dict if not task_id.startswith(GATES)}
    assert planned == {*names.values(), *closing, *undo, *([ROLL_BACK] if undo else [])}
    assert dag.dag_id == graph.id
    for task in graph.tasks:
        made = dag.task_dict[names[task.id]]
        assert type(made).__name__ in OPERATORS[type(task.action)]
        assert before(dag, made.task_id) == {names[other] for other in task.depends_on}
        assert made.trigger_rule == TriggerRule(task.trigger_rule)
        assert made.task_display_name == (task.title.replace("\0", "")[:1000] or made.task_id)
        assert made.task_group.group_id == (group_name(names[place[task.id]]) if place.get(task.id) in shown else None)
        if made.doc_md:
            assert made.doc_md == document(
                {"": task.description, "Details": task.details, "Test strategy": task.test_strategy}, task.links, 4_000
            )
        assert_carried_out_the_same(made, task, taken.get(task.id), pools)
    if sentinel:
        last = dag.task_dict[SENTINEL]
        first = dag.task_dict[ALL_ENDED] if sentinel.asks else last
        assert first.upstream_task_ids == {names[task.id] for task in sentinel.watches}
        assert first is last or last.upstream_task_ids == {ALL_ENDED}
        assert last.is_teardown is sentinel.asks
        assert sentinel.asks or last.trigger_rule == TriggerRule.NONE_FAILED
    for name, row in undo.items():
        assert dag.task_dict[name].is_teardown
        assert not dag.task_dict[name].on_failure_fail_dagrun
        assert dag.task_dict[name].upstream_task_ids == set(row["after"])
        assert dag.task_dict[name].task_group.group_id == ROLLBACK_GROUP
    for task in dag.tasks:
        for other in task.upstream_task_ids:
            assert task.task_id in dag.task_dict[other].downstream_task_ids
    for group, around in surroundings(graph, shown).items():
        outer = dag.task_group.get_child_by_label(group_name(names[around]))
        assert group_name(names[group]) in outer.children
    dag.task_group.topological_sort()
    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    assert set(again.task_dict) == set(dag.task_dict)
    again.task_group.topological_sort()


def test_every_committed_file_means_its_graph(case: Any, load: Callable[[Path], DAG]) -> None:
    dag = load(case.folder / f"{case.graph.id}.py")
    pools = json.loads((case.folder / f"{case.graph.id}.pools.json").read_text())

    assert_means_the_same(dag, case.graph, pools)
    assert set(pools) == {pool.name for pool in pools_used(seats(case.graph).values())}
    alone = any(claim.mode == "write" for task in case.graph.tasks for claim in task.claims)
    assert dag.max_active_runs == (1 if alone or case.graph.policy.rollback else 16)
    assert dag.catchup is False
    assert case.graph.fingerprint in (dag.doc_md or "")
    assert "taskgraph" in dag.tags


@pytest.mark.parametrize(("example", "name"), [("nightly", "nightly"), ("plan", "bookmarks")])
def test_the_dags_of_the_examples_mean_their_plans(example: str, name: str, load: Callable[[Path], DAG]) -> None:
    graph = compile_request(Request(str(ROOT / "examples" / example))).graph
    pools = json.loads((ROOT / "dags" / f"{name}.pools.json").read_text())

    assert_means_the_same(load(ROOT / "dags" / f"{name}.py"), graph, pools)


def test_no_committed_file_warns_of_anything(cases: Mapping[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "read.py"
    script.write_text("import runpy, sys, airflow\nfor place in sys.argv[1:]:\n    runpy.run_path(place)\n")
    files = [str(case.folder / f"{name}.py") for name, case in cases.items()]
    files += map(str, (ROOT / "dags").glob("*.py"))

    ended = subprocess.run(
        [sys.executable, "-W", "error", script, *files], capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 0, ended.stderr


@given(graph=graphs())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_graph_means_the_same_in_airflow(graph: TaskGraph, load: Callable[[Path], DAG], tmp_path: Path) -> None:
    actions = [Command(argv=("true",)), Python(entry_point="a.b:c"), Wait(what="file", target="/x"), Noop()]
    tasks = tuple(
        task.model_copy(
            update={
                "action": actions[int(task.id) % 4],
                "group": str(int(task.id) % 3 + 1) if int(task.id) > 3 else "1" if task.id == "2" else None,
            }
        )
        for task in graph.tasks
    )
    graph = graph.model_copy(update={"tasks": tasks})
    made = TARGET.generate(graph, AirflowOptions())
    place = tmp_path / f"{graph.fingerprint}.py"  # a name of its own: Python caches files by size and whole seconds
    place.write_text(made.files["random.py"])

    dag = load(place)

    assert_means_the_same(dag, graph, json.loads(made.files["random.pools.json"]))
    assert dag.max_active_tasks == (graph.policy.max_parallel or 16)
    if graph.policy.on_failure == "stop":
        assert dag.fail_fast is all(task.trigger_rule == "all_success" for task in tasks)


def test_groups_that_go_in_circles_would_break_the_pages(load: Callable[[Path], DAG], tmp_path: Path) -> None:
    members = {"a1": {"group": "A"}, "a2": {"group": "A"}, "b1": {"group": "B"}, "b2": {"group": "B"}}
    graph = graph_of("a1", "b1 < a1", "b2", "a2 < b2", tasks=members)
    place = tmp_path / "example.py"
    place.write_text(TARGET.generate(graph, AirflowOptions()).files["example.py"])

    assert len(load(place).task_group.topological_sort()) == 4

    place.write_text(
        "from airflow.providers.standard.operators.empty import EmptyOperator\n"
        "from airflow.sdk import DAG, TaskGroup\n"
        "with DAG('example') as dag:\n"
        "    with TaskGroup('A', prefix_group_id=False):\n"
        "        a1, a2 = (EmptyOperator(task_id=name) for name in ('a1', 'a2'))\n"
        "    with TaskGroup('B', prefix_group_id=False):\n"
        "        b1, b2 = (EmptyOperator(task_id=name) for name in ('b1', 'b2'))\n"
        "    a1 >> b1\n"
        "    b2 >> a2\n"
    )
    with pytest.raises(Exception, match="cyclic"):
        load(place).task_group.topological_sort()


def test_a_task_process_builds_its_task_and_no_other(case: Any, load: Callable[[Path], DAG]) -> None:
    place = case.folder / f"{case.graph.id}.py"
    whole = load(place)
    for name in list(whole.task_dict)[:40]:
        with _airflow_parsing_context_manager(dag_id=case.graph.id, task_id=name):
            dag = load(place)

        assert list(dag.task_dict) == [name]
        assert alone(dag, name) == alone(whole, name)


def alone(dag: DAG, name: str) -> dict[str, Any]:
    """A task as Airflow keeps it, without its neighbours and its group."""
    kept = OperatorSerialization.serialize_operator(dag.task_dict[name])
    return {field: value for field, value in kept.items() if field not in ("downstream_task_ids", "task_group")}


def test_a_schedule_fires_in_its_time_zone(cases: Mapping[str, Any], load: Callable[[Path], DAG]) -> None:
    dag = load(cases["schedule"].folder / "schedule.py")

    assert dag.timetable.expression == "0 2 * * *"
    assert "Europe/Oslo" in str(dag.timetable.timezone)
    assert dag.fail_fast
    assert dag.dag_display_name == "Every night"


@pytest.mark.parametrize(
    ("cron", "first", "instants"),
    [
        ("0 2 * * *", "2026-03-28T00:00Z", ["2026-03-28T01:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z"]),
        ("30 2 * * *", "2026-03-28T00:00Z", ["2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"]),
        ("0 2 * * *", "2026-10-24T00:00Z", ["2026-10-24T00:00Z", "2026-10-25T01:00Z", "2026-10-26T01:00Z"]),
        ("30 2 * * *", "2026-10-24T00:00Z", ["2026-10-24T00:30Z", "2026-10-25T01:30Z", "2026-10-26T01:30Z"]),
    ],
)
def test_a_schedule_fires_once_a_night_when_clocks_change(
    cron: str, first: str, instants: list[str], load: Callable[[Path], DAG], tmp_path: Path
) -> None:
    """A time that is left out comes an hour later by the clock; of one that comes twice, the second counts."""
    graph = graph_of("1", schedule=Schedule(cron=cron, timezone="Europe/Oslo"))
    place = tmp_path / f"{graph.fingerprint}.py"
    place.write_text(TARGET.generate(graph, AirflowOptions()).files["example.py"])
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(load(place))).timetable
    found = []
    earliest = datetime.fromisoformat(first)
    for _ in instants:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=None,
            restriction=TimeRestriction(earliest=pendulum.instance(earliest), latest=None, catchup=True),
        )
        found.append(info.run_after)
        earliest = info.run_after + timedelta(seconds=1)

    assert found == [datetime.fromisoformat(instant) for instant in instants]


@pytest.mark.parametrize(("minutes", "made_up"), [(60, False), (2, True)])
def test_a_time_before_the_dag_was_there_is_not_made_up_for(
    minutes: int, *, made_up: bool, load: Callable[[Path], DAG], tmp_path: Path
) -> None:
    """But the few minutes in which Airflow may read the file again, and so read past the time, do not lose a run."""
    now = datetime.now(UTC)
    past = now - timedelta(minutes=minutes)
    graph = graph_of("1", schedule=Schedule(cron=f"{past.minute} {past.hour} * * *"))
    place = tmp_path / f"{graph.fingerprint}.py"
    place.write_text(TARGET.generate(graph, AirflowOptions()).files["example.py"])
    dag = DagSerialization.from_dict(DagSerialization.to_dict(load(place)))

    info = dag.timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=dag.start_date, latest=None, catchup=dag.catchup),
    )

    assert (info.run_after < now) is made_up


def test_the_policy_of_a_run_is_the_dags(cases: Mapping[str, Any], load: Callable[[Path], DAG]) -> None:
    policy: Policy = cases["rules"].graph.policy
    dag = load(cases["rules"].folder / "rules.py")

    assert dag.dagrun_timeout == timedelta(seconds=policy.timeout or 0)
    assert dag.max_active_tasks == policy.max_parallel
    first = dag.task_dict["t1"]
    assert (first.retry_exponential_backoff, first.max_retry_delay) == (2, timedelta(seconds=300))


def test_pools_are_imported(cases: Mapping[str, Any]) -> None:
    place = cases["pools"].folder / "pools.pools.json"
    airflow = Path(sys.executable).with_name("airflow")
    subprocess.run([airflow, "pools", "import", place], check=True, capture_output=True, timeout=100)

    with create_session() as session:
        made = {pool.pool: pool.slots for pool in session.scalars(select(Pool))}

    assert made == {"default_pool": 128} | {name: pool["slots"] for name, pool in json.loads(place.read_text()).items()}


def test_provider_info_has_the_form_airflow_wants() -> None:
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    schema = json.loads(Path(spec.origin).with_name("provider_info.schema.json").read_text())

    jsonschema.validate(get_provider_info(), schema)
