"""Rows with a command, or with nothing to do."""

from __future__ import annotations

from airflow_provider.generating.template.environment import ENVIRONMENT
from airflow_provider.generating.template.piece import STANDARD, Piece

BASH_LINE = '''\
def bash_line(command):
    """A list of arguments, or a line of /bin/sh, for the bash that Airflow starts."""
    argv = ["/bin/sh", "-c", command] if isinstance(command, str) else command
    # The last character keeps bash_command from being taken for the name of a script.
    return literal(f"exec -- {shlex.join(argv)}\\n")
'''

COMMAND = Piece(
    imports=(("shlex", ""), (f"{STANDARD}.operators.bash", "BashOperator"), ("airflow.sdk", "literal")),
    functions={"environment": ENVIRONMENT, "bash_line": BASH_LINE},
    branch="""\
    if "command" in row:
        return BashOperator(
            bash_command=bash_line(row["command"]),
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
