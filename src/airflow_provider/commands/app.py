"""The command group ``taskgraph airflow``."""

from __future__ import annotations

import typer

from airflow_provider.commands.apply import apply
from airflow_provider.commands.doctor import doctor

app = typer.Typer(
    name="airflow",
    help="Bring generated DAGs' pools to a live Airflow, and see whether the DAGs fit it.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _airflow() -> None:
    """Bring generated DAGs' pools to a live Airflow, and see whether the DAGs fit it."""


app.command("apply")(apply)
app.command("doctor")(doctor)
