"""What programs are told about their task; shared by the pieces that start programs."""

from __future__ import annotations

ENVIRONMENT = '''\
def environment(row):
    """What a command is told about its task. Text of the plan is never a template."""
    told = {
        "TASKGRAPH_GRAPH_ID": DAG_ID,
        "TASKGRAPH_TASK_ID": row["id"],
        "TASKGRAPH_TASK_TITLE": row.get("title", ""),
        "TASKGRAPH_TASK_GROUP": row.get("group", ""),
        "TASKGRAPH_TASK_PRIORITY": row.get("priority", "medium"),
        **row.get("env", {}),
    }
    return {
        **{name: literal(text) for name, text in told.items()},
        "TASKGRAPH_RUN_ID": "{{ run_id }}",
        "TASKGRAPH_ATTEMPT": "{{ ti.try_number }}",
        "TASKGRAPH_IDEMPOTENCY_KEY": "{{ dag.dag_id }}/{{ run_id }}/{{ ti.task_id }}",
    }
'''
