"""The command group ``taskgraph prefect``."""

from __future__ import annotations

import typer

from prefect_integration.commands.apply import apply
from prefect_integration.commands.doctor import doctor

app = typer.Typer(
    name="prefect",
    help="Bring generated flows' limits to a live Prefect, and see whether the flows fit it.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _prefect() -> None:
    """Bring generated flows' limits to a live Prefect, and see whether the flows fit it."""


app.command("apply")(apply)
app.command("doctor")(doctor)
