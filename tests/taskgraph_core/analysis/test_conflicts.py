from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.analysis import conflicts as module
from taskgraph_core.analysis.conflicts import EARLY, UNMOVED, Conflict, conflicts, find_conflicts, order_conflicts
from taskgraph_core.analysis.networks import to_networkx
from taskgraph_core.analysis.predict import predict
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.ir import Claim
from taskgraph_core.scheduler import RULES, decide

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def using(**modes: str) -> dict[str, dict[str, Any]]:
    return {task_id: {"claims": (Claim(resource="file:x", mode=mode),)} for task_id, mode in modes.items()}


def pairs(graph: TaskGraph) -> list[tuple[str, str, str]]:
    return [(found.first, found.second, found.kind) for found in conflicts(graph)]


def test_two_writers_and_a_writer_with_a_reader_conflict_but_not_two_readers() -> None:
    graph = graph_of("a", "b", "c", "d", tasks=using(a="write", b="write", c="read", d="read"))

    assert pairs(graph) == [
        ("a", "b", "write/write"),
        ("a", "c", "read/write"),
        ("a", "d", "read/write"),
        ("b", "c", "read/write"),
        ("b", "d", "read/write"),
    ]


def test_what_the_graph_orders_does_not_conflict() -> None:
    assert pairs(graph_of("a", "b < a", "c < b", tasks=using(a="write", c="write"))) == []


def test_only_tasks_that_use_the_same_thing_conflict() -> None:
    other = {"b": {"claims": (Claim(resource="file:y", mode="write"),)}}

    assert conflicts(graph_of("a", "b", tasks=using(a="write") | other)) == []


def test_slots_of_a_counted_resource_are_no_conflict_but_a_writer_of_it_is() -> None:
    counted = {task_id: {"claims": (Claim(resource="file:x"),)} for task_id in "bc"}

    assert conflicts(graph_of("b", "c", tasks=counted)) == []
    assert pairs(graph_of("a", "b", tasks=counted | using(a="write"))) == [("a", "b", "read/write")]


def test_a_task_that_may_start_early_is_ordered_after_none_of_its_upstream() -> None:
    rule = {"task": {**using(task="write")["task"], "trigger_rule": "one_success"}}

    assert pairs(graph_of("a", "b", "task < a b", tasks=using(a="write") | rule)) == [("a", "task", "write/write")]
    assert pairs(graph_of("a", "b < a", "c < a", "task < b c", tasks=using(a="write") | rule)) == []


def test_a_conflict_has_a_machine_form() -> None:
    assert Conflict("a", "b", "file:x", "read/write").as_dict() == {
        "tasks": ["a", "b"],
        "resource": "file:x",
        "kind": "read/write",
    }


def test_all_are_counted_and_the_first_listed() -> None:
    ids = [str(number) for number in range(300)]
    found = find_conflicts(graph_of(*ids, tasks=using(**dict.fromkeys(ids, "write"))), limit=10)

    assert found.total == 300 * 299 // 2
    assert len(found.listed) == 10


def test_the_same_task_may_read_and_write() -> None:
    both = {"a": {"claims": (Claim(resource="x", mode="write"), Claim(resource="x", mode="read"))}}

    assert pairs(graph_of("a", "b", tasks=both | {"b": {"claims": (Claim(resource="x", mode="read"),)}})) == [
        ("a", "b", "read/write")
    ]


def by_hand(graph: TaskGraph, related: set[tuple[str, str]]) -> set[Conflict]:
    found = set()
    for first, second in combinations(graph.tasks, 2):
        for name in {claim.resource for claim in first.claims} & {claim.resource for claim in second.claims}:
            modes = [any(c.mode == "write" and c.resource == name for c in task.claims) for task in (first, second)]
            if any(modes) and not related & {(first.id, second.id), (second.id, first.id)}:
                found.add(Conflict(first.id, second.id, name, "write/write" if all(modes) else "read/write"))
    return found


@pytest.mark.parametrize("block", [1, 3, 2048])
def test_conflicts_are_all_pairs_without_a_path(block: int) -> None:
    @given(graphs(rules=False), st.randoms(use_true_random=False))
    def law(graph: TaskGraph, chance: Any) -> None:
        graph = graph.model_copy(update={"tasks": tuple(chance.sample(graph.tasks, len(graph.tasks)))})
        paths = set(nx.transitive_closure_dag(to_networkx(graph)).edges)
        found = find_conflicts(graph)

        assert set(found.listed) == by_hand(graph, paths)
        assert found.total == len(found.listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        law()


@given(graphs())
def test_what_does_not_conflict_never_runs_at_the_same_time(graph: TaskGraph) -> None:
    """Nothing fails, no claim keeps anybody apart, and tasks that never run are left out of account."""
    free = graph.model_copy(update={"tasks": tuple(task.model_copy(update={"claims": ()}) for task in graph.tasks)})
    bars = {bar.id: bar for bar in predict(free).bars}
    assume(bars.keys() == graph.by_id.keys())
    conflicting = {(found.first, found.second) for found in conflicts(graph)}

    for first, second in combinations(graph.tasks, 2):
        if by_hand(graph.model_copy(update={"tasks": (first, second)}), set()):
            one, other = bars[first.id], bars[second.id]
            apart = one.end <= other.start or other.end <= one.start
            assert apart or (first.id, second.id) in conflicting


# --- the order policy ---------------------------------------------------------------------


def added(graph: TaskGraph) -> list[str]:
    ordered = order_conflicts(graph)
    return [
        f"{task.id} < {other}"
        for task in ordered.tasks
        for other in task.depends_on[len(graph.by_id[task.id].depends_on) :]
    ]


def test_writers_follow_each_other_in_the_graphs_order() -> None:
    assert added(graph_of("a", "b", "c", tasks=using(a="write", b="write", c="write"))) == ["b < a", "c < b"]


def test_readers_follow_the_writer_and_the_next_writer_follows_them() -> None:
    graph = graph_of("a", "b", "c", "d", tasks=using(a="write", b="read", c="read", d="write"))

    assert added(graph) == ["b < a", "c < a", "d < b", "d < c"]


def test_dependencies_come_before_the_order_in_which_tasks_are_listed() -> None:
    assert added(graph_of("a < x", "b", "x < b", tasks=using(a="write", b="write"))) == []
    assert added(graph_of("a < x", "b", "x", tasks=using(a="write", b="write"))) == ["a < b"]


def test_a_task_whose_rule_an_added_dependency_would_change_gets_none() -> None:
    fields = using(a="write", b="write", c="write")
    graph = graph_of("a", "x", "b < x", "c", tasks=fields | {"b": {**fields["b"], "trigger_rule": "one_success"}})

    assert added(graph) == ["c < a", "c < b"]
    assert pairs(order_conflicts(graph)) == [("a", "b", "write/write")]


def test_a_graph_without_conflicts_stays_what_it_is() -> None:
    graph = graph_of("a", "b < a", tasks=using(a="write", b="write"))

    assert order_conflicts(graph) == graph


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_rules_are_sorted_by_what_they_are(rule: str) -> None:
    states = ("success", "failed", "skipped", "upstream_failed")
    some = [
        dict(zip(states, counts, strict=True)) for counts in [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    ]
    verdicts = [decide(rule, ended, 1) for ended in some]
    with_one_more = [decide(rule, {**ended, "success": ended["success"] + 1}, 2) for ended in some]

    assert (rule in EARLY) == any(decide(rule, ended, 2) == "run" for ended in some)
    assert (rule in UNMOVED) == (verdicts == with_one_more and rule not in EARLY)


@given(graphs(), st.randoms(use_true_random=False))
def test_ordering_leaves_only_what_it_must_not_touch_and_makes_no_circle(graph: TaskGraph, chance: Any) -> None:
    graph = graph.model_copy(update={"tasks": tuple(chance.sample(graph.tasks, len(graph.tasks)))})
    ordered = order_conflicts(graph)

    assert Topology.of(ordered).acyclic
    for found in conflicts(ordered):
        rules = {graph.by_id[found.first].trigger_rule, graph.by_id[found.second].trigger_rule}
        assert rules - UNMOVED
    for before, after in zip(graph.tasks, ordered.tasks, strict=True):
        assert after.depends_on[: len(before.depends_on)] == before.depends_on
        assert len(set(after.depends_on)) == len(after.depends_on)
        assert after == before or before.trigger_rule in UNMOVED


@given(graphs(rules=False))
def test_no_added_dependency_follows_from_the_others(graph: TaskGraph) -> None:
    ordered = order_conflicts(graph)
    count = sum(len(task.depends_on) for task in ordered.tasks) - sum(len(task.depends_on) for task in graph.tasks)
    redundant = set(to_networkx(ordered).edges) - set(nx.transitive_reduction(to_networkx(ordered)).edges)

    assert not redundant - set(to_networkx(graph).edges)
    assert (count > 0) == bool(conflicts(graph))
