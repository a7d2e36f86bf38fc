"""The rows between a failed run and its rollback, and how rows become tasks that undo others."""

from __future__ import annotations

from airflow_provider.generating.template.piece import STANDARD, Piece
from airflow_provider.generating.template.sentinel import FAILURES, STATES_OF

_NOTHING_FAILED = '''\
def nothing_failed(ti):
    """Fail where a task of the run has; otherwise there is nothing to undo."""
    if failed := failures(states_of(ti)):
        raise AirflowFailException(f"failed: {', '.join(failed)}")
    raise DownstreamTasksSkipped(tasks=["roll_back", *ROLLBACK])
'''

_ROLL_BACK = '''\
def roll_back(ti):
    """Skip the undoing of what did not succeed, unless its turn comes later."""
    states = states_of(ti)
    failed = failures(states)
    if states.get("all_ended") == "skipped":
        # Where a run is ended early, it takes Airflow this long to end what runs.
        time.sleep(10)
    undone, skipped = set(), []
    for task_id, row in ROLLBACK.items():
        succeeded = failed and states.get(row.get("undoes")) == "success"
        if succeeded or not undone.isdisjoint(row["after"]):
            undone.add(task_id)
        else:
            skipped.append(task_id)
    if skipped:
        raise DownstreamTasksSkipped(tasks=skipped)
'''

STARTS_ROLLBACK = Piece(
    imports=(
        (f"{STANDARD}.operators.python", "PythonOperator"),
        ("airflow.sdk.exceptions", "AirflowFailException"),
        ("airflow.sdk.exceptions", "DownstreamTasksSkipped"),
    ),
    functions={"states_of": STATES_OF, "failures": FAILURES, "nothing_failed": _NOTHING_FAILED},
    branch="""\
    if "starts_rollback" in row:
        return PythonOperator(
            python_callable=nothing_failed,
            do_xcom_push=False,
            **options,
        ).as_teardown(on_failure_fail_dagrun=True)
""",
)

ROLLS_BACK = Piece(
    imports=(("time", ""), *STARTS_ROLLBACK.imports),
    functions={"roll_back": _ROLL_BACK},
    branch="""\
    if "rolls_back" in row:
        return PythonOperator(
            python_callable=roll_back,
            do_xcom_push=False,
            **options,
        ).as_teardown()
""",
)

_ONLY_AFTER_SUCCESS = '''\
def only_after_success(context):
    """Skip a task whose turn to be undone has come, but that did not succeed."""
    ti = context["ti"]
    undoes = ROLLBACK[ti.task_id]["undoes"]
    if states_of(ti, [undoes]).get(undoes) != "success":
        raise AirflowSkipException(f"{undoes} did not succeed")
'''

UNDOING = Piece(
    imports=(("airflow.sdk", "TaskGroup"), ("airflow.sdk.exceptions", "AirflowSkipException")),
    functions={"only_after_success": _ONLY_AFTER_SUCCESS},
)

MAKE_UNDO = '''\
def make_undo(task_id, row, group=None):
    """The Airflow task that undoes another; a teardown, which outlives an ended run."""
    if "undoes" not in row:
        return make_task(task_id, row, group).as_teardown()
    title = row.get("title", "")
    told = {"TASKGRAPH_TASK_TITLE": title, **row.get("env", {}), "TASKGRAPH_UNDO": "1"}
    row = {**row, "title": f"Undo: {title or row['id']}", "env": told}
    task = make_task(task_id, row, group).as_teardown()
    task.pre_execute = only_after_success
    return task
'''
