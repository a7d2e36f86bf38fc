"""Rolling back: after a failed run, whatever succeeded is undone, in reverse order of the graph.

Each task with a rollback has another that undoes it, and these wait for each other as the tasks
themselves do, the other way round. They are teardowns: where a run ends early, by failing fast or
because somebody marks it as failed, Airflow skips what has not begun, but spares teardowns.
After a run in which nothing failed the sentinel skips them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.actions import action_entries
from airflow_provider.generating.names import ROLL_BACK, task_names, undo_name
from airflow_provider.generating.policy import rolls_back
from airflow_provider.generating.table import carrying_out, task_ranks, task_title
from airflow_provider.generating.text import shortened, storable
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.environment import TITLE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider.generating.pools import Seat
    from airflow_provider.generating.table import Row
    from taskgraph_core.ir import Task, TaskGraph

MOST_PASSED_ON = 8
"""Most tasks that others wait for directly, across one that has nothing to undo; beyond that, one joins them.

It keeps the number of edges in proportion to that of the graph.
"""


def undo_rows(graph: TaskGraph, seats: Mapping[str, Seat], project: str) -> dict[str, Row]:
    """The tasks that undo others, by their Airflow ids, in an order in which they may run; none if there are none.

    Raises:
        TargetError: Airflow could not carry an action out.
    """
    if not rolls_back(graph):
        return {}
    names = task_names(dict.fromkeys([*graph.by_id, *graph.groups]))
    ranks = task_ranks(graph)
    topology = Topology.of(graph)
    rows: dict[str, Row] = {}
    ends: dict[int, tuple[str, ...]] = {}
    for number in reversed(topology.order):
        task = graph.tasks[number]
        name = names[task.id]
        undone = tuple(dict.fromkeys(undo for other in topology.downstream[number] for undo in ends[other]))
        after: Row = {"after": list(undone) or [ROLL_BACK]}
        if task.rollback is not None:
            undo = task.model_copy(update={"action": task.rollback})
            rows[undo_name(name)] = {
                **_about(graph, task),
                "undoes": name,
                **after,
                **action_entries(undo, project),
                **carrying_out(undo, seats.get(task.id), ranks[number]),
            }
        elif len(undone) > MOST_PASSED_ON:
            rows[undo_name(name)] = {"title": shortened(f"After: {task_title(graph, task)}", TITLE_LIMIT), **after}
        else:
            ends[number] = undone
            continue
        ends[number] = (undo_name(name),)
    return rows


def _about(graph: TaskGraph, task: Task) -> Row:
    row: Row = {"id": storable(task.id)}
    if title := task_title(graph, task):
        row["title"] = title
    if task.group is not None:
        row["group"] = storable(task.group)
    if task.priority != "medium":
        row["priority"] = task.priority
    return row
