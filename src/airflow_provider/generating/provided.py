"""The tables for a file that has the provider carry out commands and functions (``--with-provider``).

Its operator does that as the local engine does. So rows hold what the plan says, unquoted and with
folders as written, and say which limits apply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.layout import number
from airflow_provider.generating.names import task_names, undo_name
from taskgraph_core.ir import Command, Python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider.generating.table import Row, Tables
    from taskgraph_core.ir import Resource, Task, TaskGraph


def provided(graph: TaskGraph, tables: Tables) -> Tables:
    """The tables with the rows that the provider's operator takes."""
    limited = limits(graph)
    names = task_names(dict.fromkeys([*graph.by_id, *graph.groups]))
    tasks, rollback = dict(tables.tasks), dict(tables.rollback)
    for task in graph.tasks:
        name = names[task.id]
        tasks[name] = {**tasks[name], **_entries(task, task.action, limited)}
        undo = undo_name(name)
        if undo in rollback:
            rollback[undo] = {**rollback[undo], **_entries(task, task.rollback, limited)}
    return tables._replace(tasks=tasks, rollback=rollback)


def limits(graph: TaskGraph) -> dict[str, Row]:
    """Rates and circuit breakers by resource, of those that a command or a function claims."""
    claimed = {claim.resource for task in graph.tasks if is_provided(task) for claim in task.claims}
    return {
        resource.name: _limit(resource)
        for resource in graph.resources
        if resource.name in claimed and (resource.rate or resource.breaker)
    }


def is_provided(task: Task) -> bool:
    """Whether the provider's operator carries the task out."""
    return isinstance(task.action, Command | Python)


def _limit(resource: Resource) -> Row:
    row: Row = {}
    if resource.rate is not None:
        row["rate"] = {"amount": resource.rate.amount, "seconds": number(resource.rate.seconds)}
    if resource.breaker is not None:
        row["breaker"] = {"failures": resource.breaker.failures, "open": number(resource.breaker.open)}
    return row


def _entries(task: Task, action: object, limited: Mapping[str, Row]) -> Row:
    entries: Row = {}
    match action:
        case Command():
            entries["command"] = list(action.argv) or action.shell
            if action.cwd:
                entries["cwd"] = action.cwd
        case Python():
            if action.process:
                entries["process"] = True
        case _:
            return {}
    names = [name for name in dict.fromkeys(claim.resource for claim in task.claims) if name in limited]
    return {**entries, "limits": names} if names else entries
