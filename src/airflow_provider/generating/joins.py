"""Joins at which Airflow goes by what came first, where the plan does not.

A task with the rule ``all_success`` ends as ``upstream_failed`` if anything before it failed, and as
``skipped`` if something was skipped and nothing failed. Airflow does not wait until it knows: once
one is skipped it skips the task, even if another fails a second later. Neither way the task runs,
so that mostly it makes no difference. It does where a later task looks at the difference, such as one
with the rule ``one_failed``. There each skip is held back by gates, tasks that do nothing:

* one is skipped if nothing failed, and succeeds as soon as something did (``one_failed``);
* for each task that may be skipped, one is skipped if both are (``none_failed_min_one_success``).

The join then waits for the latter ones. Every other rule means the same in Airflow, whatever comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.outcomes import may_fail, may_skip
from taskgraph_core.analysis.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from taskgraph_core.ir import TaskGraph

Row = dict[str, object]

_BLIND = frozenset({"all_done", "always", "one_done"})
"""Rules to which it is all the same whether a task before was skipped, or not run because of a failure."""

_PASS_ON = frozenset({"all_success"})
"""Rules by which a task is skipped after a skip and not run after a failure, so that the next one may care."""

ABOUT_GATE = "Holds skips back until it is known that nothing failed. Airflow alone would go by what came first."


def held_back(graph: TaskGraph) -> dict[str, frozenset[str]]:
    """For each join that needs gates, the tasks before it whose skip is to be held back; all by the plan's ids."""
    if all(task.trigger_rule in _BLIND | _PASS_ON for task in graph.tasks):
        return {}
    topology = Topology.of(graph)
    skips = may_skip(graph, topology)
    cares = _cares(graph, topology)
    found: dict[str, frozenset[str]] = {}
    for number, task in enumerate(graph.tasks):
        if task.trigger_rule != "all_success" or not cares[number]:
            continue
        upstream = set(topology.upstream[number])
        failing = sum(may_fail(graph.tasks[other]) for other in upstream)
        held = [other for other in upstream if skips[other] and failing > may_fail(graph.tasks[other])]
        if held:
            found[task.id] = frozenset(graph.tasks[other].id for other in held)
    return found


def gates(name: str, after: Sequence[str], held: Collection[str], group: object) -> tuple[dict[str, Row], list[str]]:
    """The rows of a join's gates, by their ids, and what the join itself then waits for.

    Args:
        name: the join's Airflow id.
        after: those of the tasks before it.
        held: those of them whose skip is to be held back.
        group: the group that the join stands in, if any.
    """
    place: Row = {} if group is None else {"group": group}
    any_failed = f"any_failed_{name}"
    rows: dict[str, Row] = {
        any_failed: {"doc_md": ABOUT_GATE, **place, "after": list(after), "trigger_rule": "one_failed"}
    }
    waits_for: list[str] = []
    for number, other in enumerate(after, start=1):
        gate = f"skip_{number}_{name}"
        if other in held:
            rows[gate] = {**place, "after": [other, any_failed], "trigger_rule": "none_failed_min_one_success"}
        waits_for.append(gate if other in held else other)
    return rows, waits_for


def _cares(graph: TaskGraph, topology: Topology) -> list[bool]:
    """For each task, whether it matters to a later one if it was skipped or not run because of a failure."""
    cares = [False] * len(graph.tasks)
    for number in reversed(topology.order):
        for other in topology.downstream[number]:
            rule = graph.tasks[other].trigger_rule
            if rule in _PASS_ON:
                cares[number] |= cares[other]
            else:
                cares[number] |= rule not in _BLIND
    return cares
