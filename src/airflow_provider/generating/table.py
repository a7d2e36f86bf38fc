"""The graph as the table of the generated file: one row a task, of nothing but text and numbers.

A row holds what differs from what Airflow, or the builder under the table, takes anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.actions import action_entries
from airflow_provider.generating.layout import number
from airflow_provider.generating.names import SENTINEL, group_name, task_names
from airflow_provider.generating.policy import LONGEST
from airflow_provider.generating.sentinel import sentinel_of
from airflow_provider.generating.text import document, storable
from taskgraph_core.environment import task_environment
from taskgraph_core.ir import Noop, Wait
from taskgraph_core.scheduling import PRIORITY_RANK, remaining_paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider.generating.groups import Grouping
    from airflow_provider.generating.pools import Seat
    from taskgraph_core.ir import Retry, Task, TaskGraph

DOCUMENT_LIMIT = 4_000
"""Longest documentation page of a task, in characters."""

ABOUT_SENTINEL = "Fails the run if any task failed. Airflow alone looks only at the last ones."

Row = dict[str, object]


def group_rows(graph: TaskGraph, shown: Grouping) -> dict[str, Row]:
    """The groups by the plan's id of their parent task."""
    names = task_names(dict.fromkeys([*graph.by_id, *graph.groups]))
    rows: dict[str, Row] = {}
    for group in shown.shown:
        row: Row = {"group_id": group_name(names[group])}
        if group in graph.by_id and (title := _title(graph, graph.by_id[group])):
            row["group_display_name"] = title
        rows[storable(group)] = row
    return rows


def task_rows(graph: TaskGraph, seats: Mapping[str, Seat], project: str) -> dict[str, Row]:
    """The tasks by their Airflow ids, in the graph's order, and the sentinel where one is needed.

    Raises:
        TargetError: Airflow could not carry an action out.
    """
    names = task_names(dict.fromkeys([*graph.by_id, *graph.groups]))
    ranks = _ranks(graph)
    rows: dict[str, Row] = {}
    for task, rank in zip(graph.tasks, ranks, strict=True):
        rows[names[task.id]] = {
            **_about(graph, task),
            **({"after": [names[other] for other in dict.fromkeys(task.depends_on)]} if task.depends_on else {}),
            **({"trigger_rule": task.trigger_rule} if task.trigger_rule != "all_success" else {}),
            **action_entries(task, project, holds_slots=task.id in seats),
            **_carrying_out(task, seats.get(task.id), rank),
        }
    if sentinel := sentinel_of(graph):
        rows[SENTINEL] = {
            "title": "Nothing failed",
            "doc_md": ABOUT_SENTINEL,
            "after": [names[task.id] for task in sentinel.watches],
            **({"asks_for_failures": True} if sentinel.asks else {"trigger_rule": "none_failed"}),
        }
    return rows


def _about(graph: TaskGraph, task: Task) -> Row:
    row: Row = {"id": storable(task.id)}
    if title := _title(graph, task):
        row["title"] = title
    if page := document(task.description, DOCUMENT_LIMIT):
        row["doc_md"] = page
    if task.group is not None:
        row["group"] = storable(task.group)
    if task.id in graph.groups:
        row["closes"] = storable(task.id)
    if task.priority != "medium":
        row["priority"] = task.priority
    return row


def _title(graph: TaskGraph, task: Task) -> str:
    """The title as its program sees it, which is also short enough for Airflow."""
    return storable(task_environment(graph, task)["TASKGRAPH_TASK_TITLE"])


def _carrying_out(task: Task, seat: Seat | None, rank: int) -> Row:
    """How the task is tried and what it takes; nothing for a task that never reaches a worker."""
    if isinstance(task.action, Noop):
        return {}
    row: Row = {}
    if rank > 1:
        row["priority_weight"] = rank
    if seat is not None:
        row["pool"] = seat.pool.name
        if seat.slots > 1:
            row["pool_slots"] = seat.slots
    row.update(_tries(task.retry, waits=isinstance(task.action, Wait)))
    if task.timeout is not None and task.timeout <= LONGEST:
        if isinstance(task.action, Wait):
            # A wait whose time is up is final in Airflow, so it gets the time of all its attempts at once.
            row["timeout"] = number(min(task.timeout * task.retry.attempts, LONGEST))
        else:
            row["execution_timeout"] = number(task.timeout)
    return row


def _tries(retry: Retry, *, waits: bool) -> Row:
    """The retries of a task.

    A wait gets one in any case: Airflow may take it for lost while it has given its place back.
    """
    retries = max(retry.attempts - 1, int(waits))
    if not retries:
        return {}
    delay = min(retry.delay, retry.max_delay, LONGEST)
    row: Row = {"retries": retries, "retry_delay": number(delay)}
    if retry.factor > 1 and retries > 1 and delay:
        row["retry_exponential_backoff"] = number(retry.factor)
        row["max_retry_delay"] = number(min(retry.max_delay, LONGEST))
    return row


def _ranks(graph: TaskGraph) -> list[int]:
    """The order in which ready tasks are to start, as weights: the longest path first, then the priority."""
    keys = [
        (path, PRIORITY_RANK[task.priority]) for path, task in zip(remaining_paths(graph), graph.tasks, strict=True)
    ]
    weights = {key: weight for weight, key in enumerate(sorted(set(keys)), start=1)}
    return [weights[key] for key in keys]
