"""What every file holds: how rows become tasks, and tasks a DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider.generating.template.piece import Import

CODING = "# -*- coding: utf-8 -*-  # noqa: UP009\n"
"""The first line settles how the file is read before anything in it could; linters think it needless."""

IMPORTS: tuple[Import, ...] = (
    ("airflow.sdk", "DAG"),
    ("airflow.sdk", "WeightRule"),
    ("airflow.sdk", "get_parsing_context"),
)
"""What every file uses."""

NOT_STANDARD = frozenset({"airflow", "airflow_provider", "pendulum"})
"""Packages of the imports that are not part of Python."""

OPTIONS = """\
OPTIONS = (
    "doc_md",
    "trigger_rule",
    "priority_weight",
    "pool",
    "pool_slots",
    "retries",
    "retry_delay",
    "retry_exponential_backoff",
    "max_retry_delay",
)
"""
"""What of a row is an option of every operator, under the same name."""

MAKE_TASK = '''\
def make_task(task_id, row):
    """The Airflow task of one row."""
    options = {name: row[name] for name in OPTIONS if name in row}
    options.setdefault("retries", 0)
    options["weight_rule"] = WeightRule.ABSOLUTE
    options["task_id"] = task_id
    options["task_display_name"] = row.get("title")
'''

MAKE_TASK_IN_GROUP = '''\
def make_task(task_id, row, group=None):
    """The Airflow task of one row."""
    options = {name: row[name] for name in OPTIONS if name in row}
    options.setdefault("retries", 0)
    options["weight_rule"] = WeightRule.ABSOLUTE
    options["task_id"] = task_id
    options["task_display_name"] = row.get("title")
    options["task_group"] = group
'''

TIMEOUT = """\
    if "execution_timeout" in row:
        seconds = row["execution_timeout"]
        options["execution_timeout"] = timedelta(seconds=seconds)
"""

BUILD = """\

parsing = get_parsing_context()
if parsing.dag_id == DAG_ID and parsing.task_id in TASKS:
    # Airflow reads this file again in each task's process, for that one task.
    dag.add_task(make_task(parsing.task_id, TASKS[parsing.task_id]))
"""

BUILD_UNDO = """\
elif parsing.dag_id == DAG_ID and parsing.task_id in ROLLBACK:
    dag.add_task(make_undo(parsing.task_id, ROLLBACK[parsing.task_id]))
"""

BUILD_ALL = """\
else:
"""

GROUPED = """\
    groups = {
        parent: TaskGroup(prefix_group_id=False, dag=dag, **group)
        for parent, group in GROUPS.items()
    }
    for task_id, row in TASKS.items():
        group = groups.get(row.get("closes", row.get("group")))
        dag.add_task(make_task(task_id, row, group))
"""

NESTED = """\
    groups = {}
    for parent, group in GROUPS.items():
        groups[parent] = TaskGroup(
            group["group_id"],
            prefix_group_id=False,
            dag=dag,
            parent_group=groups.get(group.get("inside")),
            group_display_name=group.get("group_display_name", ""),
        )
    for task_id, row in TASKS.items():
        group = groups.get(row.get("closes", row.get("group")))
        dag.add_task(make_task(task_id, row, group))
"""
"""Instead of ``GROUPED``, where some group stands in another; the outer ones come first."""

UNGROUPED = """\
    for task_id, row in TASKS.items():
        dag.add_task(make_task(task_id, row))
"""

ROLLBACK = """\
    rollback = TaskGroup(
        "rollback",
        prefix_group_id=False,
        dag=dag,
        group_display_name="Rollback",
    )
    for task_id, row in ROLLBACK.items():
        dag.add_task(make_undo(task_id, row, rollback))
"""

ROWS = """\
    # Each ">>" would take time in proportion to the number of all tasks.
    for task_id, row in TASKS.items():
"""

ROWS_AND_ROLLBACK = """\
    # Each ">>" would take time in proportion to the number of all tasks.
    for task_id, row in {**TASKS, **ROLLBACK}.items():
"""

EDGES = """\
        for upstream_id in row.get("after", ()):
            dag.task_dict[task_id].upstream_task_ids.add(upstream_id)
            dag.task_dict[upstream_id].downstream_task_ids.add(task_id)
"""
