"""The graph as the table of the generated file: one row a task, of nothing but text and numbers.

A row holds what differs from what Airflow, or the builder under the table, takes anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airflow_provider.generating.actions import action_entries
from airflow_provider.generating.groups import depth, surroundings
from airflow_provider.generating.joins import gates, held_back
from airflow_provider.generating.layout import number
from airflow_provider.generating.names import ALL_ENDED, ROLL_BACK, SENTINEL, group_name, task_names
from airflow_provider.generating.policy import LONGEST, rolls_back
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

Row = dict[str, object]


class Tables(NamedTuple):
    """The tables of a generated file: groups by the plan's ids, tasks and those that undo them by Airflow's."""

    groups: Mapping[str, Row]
    tasks: Mapping[str, Row]
    rollback: Mapping[str, Row]


DOCUMENT_LIMIT = 4_000
"""Longest text on the documentation page of a task, in characters."""

ABOUT_SENTINEL = "Fails the run if any task failed. Airflow alone looks only at the last ones."
ABOUT_ALL_ENDED = "Waits for all tasks, whatever became of them; skipped only where the run was ended early."
ABOUT_ROLL_BACK = "After a failed run, says what is undone: what succeeded."

RETRIED: Row = {"retries": 2, "retry_delay": 5}
"""For tasks that ask Airflow something, which may be out of reach for a moment."""


def group_rows(graph: TaskGraph, groups: Grouping) -> dict[str, Row]:
    """The groups by the plan's id of their parent task, outer ones first."""
    names = task_names(dict.fromkeys([*graph.by_id, *graph.groups]))
    around = surroundings(graph, groups.shown)
    rows: dict[str, Row] = {}
    for group in sorted(groups.shown, key=lambda group: depth(group, around)):
        row: Row = {"group_id": group_name(names[group])}
        if group in graph.by_id and (title := task_title(graph, graph.by_id[group])):
            row["group_display_name"] = title
        if group in around:
            row["inside"] = storable(around[group])
        rows[storable(group)] = row
    return rows


def task_rows(graph: TaskGraph, seats: Mapping[str, Seat], project: str) -> dict[str, Row]:
    """The tasks by their Airflow ids, in the graph's order, and the sentinel where one is needed.

    Raises:
        TargetError: Airflow could not carry an action out.
    """
    names = task_names(dict.fromkeys([*graph.by_id, *graph.groups]))
    ranks, held = task_ranks(graph), held_back(graph)
    rows: dict[str, Row] = {}
    for task, rank in zip(graph.tasks, ranks, strict=True):
        name, about = names[task.id], _about(graph, task)
        after = [names[other] for other in dict.fromkeys(task.depends_on)]
        if task.id in held:
            group = about.get("closes", about.get("group"))
            made, after = gates(name, after, {names[other] for other in held[task.id]}, group)
            rows |= made
        rows[name] = {
            **about,
            **({"after": after} if after else {}),
            **({"trigger_rule": task.trigger_rule} if task.trigger_rule != "all_success" else {}),
            **action_entries(task, project),
            **carrying_out(task, seats.get(task.id), rank),
        }
    return rows | _closing_rows(graph, names)


def _closing_rows(graph: TaskGraph, names: Mapping[str, str]) -> dict[str, Row]:
    """What comes after all tasks of the plan: the sentinel and, around one that asks, what it needs."""
    sentinel = sentinel_of(graph)
    if sentinel is None:
        return {}
    watched: Row = {"after": [names[task.id] for task in sentinel.watches]}
    about: Row = {"title": "Nothing failed", "doc_md": ABOUT_SENTINEL}
    if not sentinel.asks:
        return {SENTINEL: {**about, **watched, "trigger_rule": "none_failed"}}
    # The rule is all_done under the one name that a DAG which fails fast takes.
    all_ended: Row = {
        "title": "All ended",
        "doc_md": ABOUT_ALL_ENDED,
        **watched,
        "trigger_rule": "all_done_setup_success",
    }
    asks = "starts_rollback" if rolls_back(graph) else "asks_for_failures"
    rows: dict[str, Row] = {
        ALL_ENDED: all_ended,
        SENTINEL: {**about, "after": [ALL_ENDED], asks: True, **RETRIED},
    }
    if rolls_back(graph):
        about = {"title": "Roll back", "doc_md": ABOUT_ROLL_BACK}
        rows[ROLL_BACK] = {**about, "after": [SENTINEL], "rolls_back": True, **RETRIED}
    return rows


def _about(graph: TaskGraph, task: Task) -> Row:
    row: Row = {"id": storable(task.id)}
    if title := task_title(graph, task):
        row["title"] = title
    sections = {"": task.description, "Details": task.details, "Test strategy": task.test_strategy}
    if page := document(sections, task.links, DOCUMENT_LIMIT):
        row["doc_md"] = page
    if task.group is not None:
        row["group"] = storable(task.group)
    if task.id in graph.groups:
        row["closes"] = storable(task.id)
    if task.priority != "medium":
        row["priority"] = task.priority
    return row


def task_title(graph: TaskGraph, task: Task) -> str:
    """The title as its program sees it, which is also short enough for Airflow."""
    return storable(task_environment(graph, task)["TASKGRAPH_TASK_TITLE"])


def carrying_out(task: Task, seat: Seat | None, rank: int) -> Row:
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


def task_ranks(graph: TaskGraph) -> list[int]:
    """The order in which ready tasks are to start, as weights: the longest path first, then the priority."""
    keys = [
        (path, PRIORITY_RANK[task.priority]) for path, task in zip(remaining_paths(graph), graph.tasks, strict=True)
    ]
    weights = {key: weight for weight, key in enumerate(sorted(set(keys)), start=1)}
    return [weights[key] for key in keys]
