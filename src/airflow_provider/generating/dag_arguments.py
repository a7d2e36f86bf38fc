"""The arguments of the DAG itself: when it runs, and how a run behaves as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider.generating.layout import LAYOUT, number
from airflow_provider.generating.policy import fails_fast, rolls_back, run_timeout
from airflow_provider.generating.text import shortened
from taskgraph_core.environment import TITLE_LIMIT
from taskgraph_core.generate import literal
from taskgraph_core.scheduler.node import WHOLE

if TYPE_CHECKING:
    from taskgraph_core.ir import Schedule, TaskGraph

TAG = "taskgraph"
"""The tag by which all generated DAGs are found."""

TAG_LIMIT = 100
"""Longest tag that Airflow takes, in characters."""

MOST_TAGS = 20
"""Most labels of tasks that become tags of the DAG."""

LATE_BY_AT_MOST = 5
"""Minutes after a DAG's very first time in which it still counts; Airflow's own default is a tenth of the interval.

Not none at all: Airflow works the time out anew whenever it reads the file, and could so read past it.
"""

_LARGEST_NUMBER = 2**31 - 1


def dag_arguments(graph: TaskGraph) -> str:
    """What stands between the parentheses of ``DAG(…)``, a line an argument.

    There is no start date: Airflow would make up for a time before somebody unpaused the DAG.
    """
    arguments = ["    DAG_ID,\n"]
    if graph.title:
        arguments.append(LAYOUT.argument("dag_display_name", shortened(graph.title, TITLE_LIMIT)))
    arguments += [
        "    doc_md=__doc__,\n",
        _schedule(graph.schedule),
        LAYOUT.argument("catchup", value=False),
    ]
    if _wants_to_be_alone(graph):
        arguments.append(LAYOUT.argument("max_active_runs", 1))
    if graph.policy.max_parallel is not None:
        arguments.append(LAYOUT.argument("max_active_tasks", min(graph.policy.max_parallel, _LARGEST_NUMBER)))
    bound = run_timeout(graph)
    if bound is not None and not rolls_back(graph):
        arguments.append(f"    dagrun_timeout=timedelta(seconds={literal(number(bound))}),\n")
    if fails_fast(graph):
        arguments.append(LAYOUT.argument("fail_fast", value=True))
    arguments.append(LAYOUT.argument("tags", _tags(graph)))
    return "".join(arguments)


def _wants_to_be_alone(graph: TaskGraph) -> bool:
    """Whether runs must not overlap: something is written or claimed as a whole, or what succeeded may be undone.

    Pools would keep the single tasks apart, but not what one run has left half done from the next one.
    """
    capacities = graph.capacities
    exclusive = any(
        claim.mode == "write" or (claim.mode == "slots" and claim.slots >= capacities.get(claim.resource, WHOLE))
        for task in graph.tasks
        for claim in task.claims
    )
    return exclusive or rolls_back(graph)


def _schedule(schedule: Schedule | None) -> str:
    if schedule is None:
        return LAYOUT.argument("schedule", None)
    return (
        "    schedule=CronTriggerTimetable(\n"
        f"        {literal(schedule.cron)},\n"
        f"        timezone={literal(schedule.timezone)},\n"
        f"        run_immediately=timedelta(minutes={LATE_BY_AT_MOST}),\n"
        "    ),\n"
    )


def _tags(graph: TaskGraph) -> list[str]:
    labels = dict.fromkeys(shortened(label, TAG_LIMIT) for task in graph.tasks for label in task.labels if label)
    return [TAG, *sorted(label for label in list(labels)[:MOST_TAGS] if label != TAG)]
