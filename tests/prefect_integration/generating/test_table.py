from __future__ import annotations

from hypothesis import given

from prefect_integration.generating.table import graph_from, graph_row, task_row
from support.graphs import graph_of, graphs
from taskgraph_core.ir import Breaker, Claim, Command, Noop, Policy, Python, Rate, Resource, Schedule, TaskGraph, Wait
from taskgraph_core.scheduling import nodes_of, scheduler_for

ACTIONS = (
    Command(argv=("make",), cwd="x"),
    Python(entry_point="a.b:c", kwargs={"x": [1]}, process=True),
    Wait(what="file", target="f", factor=2.0, max_interval=60.0),
    Noop(),
)


@given(graphs())
def test_a_table_gives_the_scheduler_the_same_nodes(graph: TaskGraph) -> None:
    read = graph_from(graph_row(graph), [task_row(task) for task in graph.tasks])

    assert nodes_of(read) == nodes_of(graph)
    assert read.capacities == graph.capacities
    assert read.policy.model_copy(update={"max_parallel": graph.policy.max_parallel}) == graph.policy


@given(graphs())
def test_a_row_keeps_everything_that_is_carried_out(graph: TaskGraph) -> None:
    read = graph_from(graph_row(graph), [task_row(task) for task in graph.tasks])

    assert read.tasks == graph.tasks


def test_every_kind_of_action_survives() -> None:
    graph = graph_of(*"abcd", tasks={name: {"action": action} for name, action in zip("abcd", ACTIONS, strict=True)})
    read = graph_from(graph_row(graph), [task_row(task) for task in graph.tasks])

    assert tuple(task.action for task in read.tasks) == ACTIONS


def test_a_row_leaves_out_defaults_and_long_texts() -> None:
    texts = {"description": "d", "details": "e", "test_strategy": "t", "links": {"a": "https://a"}, "status": "review"}
    graph = graph_of("1", tasks={"1": texts})

    assert task_row(graph.tasks[0]) == {"id": "1", "estimate": 1.0}


def test_a_row_begins_with_what_a_reader_looks_for() -> None:
    graph = graph_of("1", "2 < 1", tasks={"2": {"title": "Two", "group": "g", "action": Command(argv=("x",))}})

    assert list(task_row(graph.tasks[1]))[:4] == ["id", "title", "group", "depends_on"]


def test_the_parallelism_is_said_elsewhere() -> None:
    graph = graph_of("1", schedule=Schedule(cron="0 0 * * *"), policy=Policy(max_parallel=3, rollback=True))

    assert graph_row(graph) == {"id": "example", "schedule": {"cron": "0 0 * * *"}, "policy": {"rollback": True}}


def test_values_that_json_has_no_word_for_are_kept() -> None:
    graph = graph_of("1", tasks={"1": {"action": Python(entry_point="a:b", kwargs={"x": float("inf"), "y": (1, 2)})}})

    assert task_row(graph.tasks[0])["action"]["kwargs"] == {"x": float("inf"), "y": [1, 2]}


def read_back(graph: TaskGraph) -> TaskGraph:
    return graph_from(graph_row(graph), [task_row(task) for task in graph.tasks])


def test_a_rate_holds_inside_a_flow() -> None:
    resources = (Resource(name="api", rate=Rate(amount=1, seconds=60.0)),)
    tasks = {name: {"claims": (Claim(resource="api"),)} for name in "12"}
    scheduler = scheduler_for(read_back(graph_of("1", "2", tasks=tasks, resources=resources)), max_parallel=8)
    first = scheduler.poll(0.0)

    assert [task_id for task_id, _ in first.start] == ["1"]
    assert first.wake_at == 60.0
    assert [task_id for task_id, _ in scheduler.poll(60.0).start] == ["2"]


def test_a_breaker_holds_inside_a_flow() -> None:
    resources = (Resource(name="api", breaker=Breaker(failures=1, open=60.0)),)
    tasks = {name: {"claims": (Claim(resource="api"),)} for name in "12"}
    scheduler = scheduler_for(read_back(graph_of("1", "2", tasks=tasks, resources=resources)), max_parallel=1)
    (begun, _), *_ = scheduler.poll(0.0).start
    scheduler.finished(begun, "failed", 1.0)

    assert scheduler.poll(1.0).start == []
    assert len(scheduler.poll(61.0).start) == 1


def test_a_failure_rate_stops_a_flow() -> None:
    names = [str(number) for number in range(12)]
    scheduler = scheduler_for(read_back(graph_of(*names, policy=Policy(failure_rate=0.5))), max_parallel=1)
    for second in range(10):
        ((task_id, _),) = scheduler.poll(float(second)).start
        scheduler.finished(task_id, "failed", float(second))

    assert scheduler.poll(10.0).start == []
    assert scheduler.run_state == "failed"
