"""Rows with a command, or with nothing to do."""

from __future__ import annotations

from airflow_provider.generating.template.environment import ENVIRONMENT
from airflow_provider.generating.template.piece import STANDARD, Piece

COMMAND = Piece(
    imports=((f"{STANDARD}.operators.bash", "BashOperator"), ("airflow.sdk", "literal")),
    functions={"environment": ENVIRONMENT},
    branch="""\
    if "command" in row:
        return BashOperator(
            bash_command=literal(row["command"]),
            env=environment(row),
            append_env=True,
            cwd=row.get("cwd", FOLDER),
            do_xcom_push=False,
            **options,
        )
""",
)

NOTHING = Piece(
    imports=((f"{STANDARD}.operators.empty", "EmptyOperator"),),
    branch="""\
    return EmptyOperator(**options)
""",
)
