"""The row that fails a run in which a task failed, where it has to ask."""

from __future__ import annotations

from airflow_provider.generating.template.piece import STANDARD, Piece

_NOTHING_FAILED = '''\
def nothing_failed(ti):
    """Fail where a task of the run has; Airflow skips whatever comes after it."""
    states = ti.get_task_states(dag_id=DAG_ID, run_ids=[ti.run_id])[ti.run_id]
    failed = sorted(name for name, state in states.items() if state == "failed")
    if failed:
        raise RuntimeError(f"failed: {', '.join(failed)}")
'''

ASKS_FOR_FAILURES = Piece(
    imports=((f"{STANDARD}.operators.python", "PythonOperator"),),
    functions={"nothing_failed": _NOTHING_FAILED},
    branch="""\
    if "asks_for_failures" in row:
        return PythonOperator(
            python_callable=nothing_failed,
            do_xcom_push=False,
            **options,
        ).as_teardown(on_failure_fail_dagrun=True)
""",
)
