"""Rows with a command or a function, where the provider's operator carries them out.

Nothing that it is given is a template.
"""

from __future__ import annotations

from airflow_provider.generating.template.piece import Piece

_PLANNED = '''\
def planned(row):
    """What an operator is told of its task in the plan."""
    about = ("title", "group", "priority")
    return {
        "plan_task_id": row["id"],
        "about": {name: row[name] for name in about if name in row},
        "project": PROJECT,
        "limits": {name: LIMITS[name] for name in row.get("limits", ())},
    }
'''

PLANNED_UNLIMITED = '''\
def planned(row):
    """What an operator is told of its task in the plan."""
    about = ("title", "group", "priority")
    return {
        "plan_task_id": row["id"],
        "about": {name: row[name] for name in about if name in row},
        "project": PROJECT,
    }
'''
"""Instead of ``planned``, where nothing has a rate or a circuit breaker."""

_TASKGRAPH_OPERATOR = ("airflow_provider.running.operator", "TaskgraphOperator")

PROVIDED_COMMAND = Piece(
    imports=(_TASKGRAPH_OPERATOR,),
    functions={"planned": _PLANNED},
    branch="""\
    if "command" in row:
        action = {name: row[name] for name in ("command", "cwd", "env") if name in row}
        action["undo"] = "undoes" in row
        return TaskgraphOperator(action=action, **planned(row), **options)
""",
)

PROVIDED_CALL = Piece(
    imports=(_TASKGRAPH_OPERATOR,),
    functions={"planned": _PLANNED},
    branch="""\
    if "call" in row:
        names = ("call", "arguments", "process")
        action = {name: row[name] for name in names if name in row}
        action["undo"] = "undoes" in row
        return TaskgraphOperator(action=action, **planned(row), **options)
""",
)
