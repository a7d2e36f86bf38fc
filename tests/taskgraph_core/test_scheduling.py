from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry, Task, TaskGraph
from taskgraph_core.scheduler import WHOLE, Node
from taskgraph_core.scheduling import nodes_of, remaining_paths, scheduler_for, slots_claimed


def test_the_remaining_path_is_the_longest_to_the_end_by_estimates() -> None:
    graph = graph_of("a", "short < a", "long < a", "end < long", tasks={"long": {"estimate": 5.0}})

    assert remaining_paths(graph) == [7.0, 1.0, 6.0, 1.0]


@given(graphs())
def test_a_remaining_path_is_as_long_as_the_task_and_the_longest_after_it(graph: TaskGraph) -> None:
    length = dict(zip(graph.by_id, remaining_paths(graph), strict=True))

    for task in graph.tasks:
        after = [length[other.id] for other in graph.tasks if task.id in other.depends_on]
        assert length[task.id] == task.estimate + max(after, default=0.0)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ((), {}),
        ((Claim(resource="db", slots=2),), {"db": 2}),
        ((Claim(resource="db", slots=2), Claim(resource="db")), {"db": 3}),
        ((Claim(resource="db", slots=2), Claim(resource="db", slots=2)), {"db": 3}),
        ((Claim(resource="db", slots=4),), {"db": 4}),
        ((Claim(resource="db", mode="read"),), {"db": 1}),
        ((Claim(resource="db", mode="write"),), {"db": 3}),
        ((Claim(resource="file:x", mode="read"),), {"file:x": 1}),
        ((Claim(resource="file:x", mode="write"),), {"file:x": WHOLE}),
        ((Claim(resource="file:x", mode="read"), Claim(resource="file:x", mode="write")), {"file:x": WHOLE}),
        ((Claim(resource="db"), Claim(resource="file:x", mode="read")), {"db": 1, "file:x": 1}),
    ],
)
def test_a_reader_takes_one_slot_a_writer_all_and_claims_add_up(
    claims: tuple[Claim, ...], expected: dict[str, int]
) -> None:
    assert slots_claimed(Task(id="a", claims=claims), {"db": 3}) == expected


def test_a_node_says_all_the_scheduler_needs() -> None:
    task = Task(
        id="b",
        depends_on=("a",),
        trigger_rule="all_done",
        claims=(Claim(resource="db"),),
        retry=Retry(attempts=3, delay=2.0, factor=2.0, max_delay=9.0, jitter=0.5),
        priority="high",
        estimate=4.0,
        rollback=Command(argv=("undo",)),
    )
    first = Task(id="a", estimate=1.0)
    graph = TaskGraph(id="g", tasks=(first, task), resources=(Resource(name="db", capacity=1),))

    assert nodes_of(graph) == [
        Node("a", weight=5.0, priority=1),
        Node("b", ("a",), "all_done", (("db", 1),), 4.0, 2, 3, 2.0, 2.0, 9.0, 0.5, undoable=True),
    ]


def test_a_milestone_is_not_kept_waiting_by_work() -> None:
    tasks = {"milestone": {"estimate": 0.0}, "instant": {"estimate": 0.0, "action": Command(argv=("true",))}}
    graph = graph_of("work", "instant", "milestone", tasks=tasks)

    assert scheduler_for(graph, max_parallel=2).poll(0.0).start == [("milestone", 1), ("work", 1)]


@pytest.mark.parametrize(("of_the_policy", "asked_for", "expected"), [(None, None, 3), (2, None, 2), (1, 2, 2)])
def test_what_is_asked_for_overrides_the_policys_limit(of_the_policy: Any, asked_for: Any, expected: int) -> None:
    graph = graph_of("a", "b", "c", policy=Policy(max_parallel=of_the_policy))

    assert len(scheduler_for(graph, max_parallel=asked_for).poll(0.0).start) == expected


@pytest.mark.parametrize(
    "policy", [Policy(failure_threshold=1, rollback=True), Policy(on_failure="stop", rollback=True)]
)
def test_the_policy_is_carried_over(policy: Policy) -> None:
    fields: dict[str, Any] = {"a": {"rollback": Command(argv=("undo",))}}
    scheduler = scheduler_for(graph_of("a", "b", "c < b", tasks=fields, policy=policy))
    scheduler.poll(0.0)
    scheduler.finished("a", "success", 0.0)
    scheduler.finished("b", "failed", 0.0)

    assert scheduler.poll(0.0).undo == [("a", 1)]
    assert scheduler.states["c"] == "cancelled"


@given(st.text(max_size=5))
def test_the_seed_decides_the_jitter(seed: str) -> None:
    graph = graph_of("a", tasks={"a": {"retry": Retry(attempts=2, delay=10.0, jitter=1.0)}})

    def wake_at(seed: str) -> float | None:
        scheduler = scheduler_for(graph, seed=seed)
        scheduler.poll(0.0)
        scheduler.finished("a", "failed", 0.0)
        return scheduler.poll(0.0).wake_at

    assert wake_at(seed) == wake_at(seed) != wake_at(seed + "!")
