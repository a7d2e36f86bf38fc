"""``taskgraph prefect apply``: the limits of generated flows, brought to a live Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prefect_integration.commands.applying import carry_out, steps
from prefect_integration.commands.options import AuthString, Key, Url, connect
from prefect_integration.commands.written import merged, read_limits
from prefect_integration.rest.limits import live_limits
from taskgraph_core.show.text import plain

Files = Annotated[list[Path], typer.Argument(metavar="FILES", help="The *.limits.json of generated flows.")]


def apply(
    files: Files,
    url: Url = "",
    key: Key = "",
    auth_string: AuthString = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Create the limits of these files in a live Prefect, and update those that differ. Deletes and resets none."""
    limits = merged(limit for file in files for limit in read_limits(file))
    prefect = connect(url, key, auth_string)
    for step in steps(limits, live_limits(prefect)):
        if not dry_run:
            carry_out(step, prefect)
        typer.echo(plain(step.words(done=not dry_run)))
    if not limits:
        typer.echo("these files name no limits")
