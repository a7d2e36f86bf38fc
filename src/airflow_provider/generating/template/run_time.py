"""How tasks keep to the time of their run, where Airflow must not end it, because something may be to undo."""

from __future__ import annotations

from airflow_provider.generating.template.piece import Piece

_IN_TIME = '''\
def in_time(context):
    """Bound a task by what is left of the time of its run."""
    end = context["dag_run"].start_date + timedelta(seconds=RUN_TIMEOUT)
    left = end - datetime.now(UTC)
    if left <= timedelta(0):
        raise AirflowFailException("the time of the run is over")
    task = context["task"]
    if task.execution_timeout is None or left < task.execution_timeout:
        task.execution_timeout = left
        last = RetryRule(AirflowTaskTimeout, action=RetryAction.FAIL)
        task.retry_policy = ExceptionRetryPolicy([last])
    if isinstance(task, BaseSensorOperator):
        task.timeout = min(task.timeout, left.total_seconds())
'''

_KEEPING_TO_RUN_TIME = '''\
def keeping_to_run_time(make):
    """Have the tasks of the plan look at the time of their run before they begin."""

    def make_bounded(task_id, row, *group):
        task = make(task_id, row, *group)
        if "id" in row:
            task.pre_execute = in_time
        return task

    return make_bounded
'''

KEEPING_TO_RUN_TIME = Piece(
    imports=(
        ("datetime", "UTC"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("airflow.sdk", "BaseSensorOperator"),
        ("airflow.sdk", "ExceptionRetryPolicy"),
        ("airflow.sdk", "RetryAction"),
        ("airflow.sdk", "RetryRule"),
        ("airflow.sdk.exceptions", "AirflowFailException"),
        ("airflow.sdk.exceptions", "AirflowTaskTimeout"),
    ),
    functions={"in_time": _IN_TIME, "keeping_to_run_time": _KEEPING_TO_RUN_TIME},
)

KEEPING = "@keeping_to_run_time\n"
"""Before ``make_task``."""
