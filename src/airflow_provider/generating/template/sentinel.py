"""The rows that fail a run in which a task failed, where they have to ask."""

from __future__ import annotations

from airflow_provider.generating.template.piece import STANDARD, Piece

FAILURES = '''\
def failures(states):
    """What failed in a run: tasks, or the run itself where somebody ended it."""
    failed = [
        task_id
        for task_id, row in TASKS.items()
        if "id" in row and states.get(task_id) == "failed"
    ]
    # This one waits for all the others; it is skipped only where a run is ended early.
    if states.get("all_ended") == "skipped":
        failed.append("the run, which was ended early")
    return failed
'''

STATES_OF = '''\
def states_of(ti, task_ids=None):
    """How tasks of the run have ended, all unless some are named, by their ids."""
    runs = ti.get_task_states(dag_id=DAG_ID, run_ids=[ti.run_id], task_ids=task_ids)
    return runs.get(ti.run_id, {})
'''

_NOTHING_FAILED = '''\
def nothing_failed(ti):
    """Fail where a task of the run has; Airflow skips whatever comes after it."""
    if failed := failures(states_of(ti)):
        raise AirflowFailException(f"failed: {', '.join(failed)}")
'''

ASKS_FOR_FAILURES = Piece(
    imports=(
        (f"{STANDARD}.operators.python", "PythonOperator"),
        ("airflow.sdk.exceptions", "AirflowFailException"),
    ),
    functions={"states_of": STATES_OF, "failures": FAILURES, "nothing_failed": _NOTHING_FAILED},
    branch="""\
    if "asks_for_failures" in row:
        return PythonOperator(
            python_callable=nothing_failed,
            do_xcom_push=False,
            **options,
        ).as_teardown(on_failure_fail_dagrun=True)
""",
)
