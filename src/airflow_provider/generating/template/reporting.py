"""How tasks ask for their statuses to be brought into the plan, which an installed Taskgraph listens for.

It listens in the process of each task. So tasks with nothing to do need one as well, which Airflow spares otherwise.
"""

from __future__ import annotations

from airflow_provider.generating.template.commands import NOTHING
from airflow_provider.generating.template.piece import Piece

_STARTED = '''\
def started(context):
    """Nothing; but without a callback Airflow would not start a task that has nothing to do."""
'''

_REPORTING = '''\
def reporting(make):
    """Have Taskgraph, installed beside Airflow, bring statuses of tasks into the plan."""

    def make_reporting(task_id, row, *group):
        task = make(task_id, row, *group)
        if "id" in row:
            task.plan_task_id = row["id"]
            task.plan_path = PLAN
            task.plan_tag = PLAN_TAG
            task.plan_failed = PLAN_FAILED
            task.plan_undoes = "undoes" in row
            if isinstance(task, EmptyOperator):
                task.on_success_callback = [started]
        return task

    return make_reporting
'''

REPORTING = Piece(imports=NOTHING.imports, functions={"started": _STARTED, "reporting": _REPORTING})

REPORTING_TO_PLAN = "@reporting\n"
"""Before ``make_task``."""
