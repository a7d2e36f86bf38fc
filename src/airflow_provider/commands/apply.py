"""``taskgraph airflow apply``: the pools of generated DAGs, brought to a live Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from airflow_provider.commands.applying import carry_out, steps
from airflow_provider.commands.examining import shared_resources
from airflow_provider.commands.options import Password, Token, Url, User, connect
from airflow_provider.commands.written import merged, read_pools
from airflow_provider.rest.pools import live_pools
from taskgraph_core.cli.findings import print_text
from taskgraph_core.show.text import plain

Files = Annotated[list[Path], typer.Argument(metavar="FILES", help="The *.pools.json of generated DAGs.")]


def apply(
    files: Files,
    url: Url = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Create the pools of these files in a live Airflow, and update those that differ. Deletes none."""
    written = [pool for file in files for pool in read_pools(file)]
    pools = merged(written)
    print_text(shared_resources(written), stderr=True)
    airflow = connect(url, user, password, token)
    for step in steps(pools, live_pools(airflow)):
        if not dry_run:
            carry_out(step, airflow)
        typer.echo(plain(step.words(done=not dry_run)))
    if not pools:
        typer.echo("these files name no pools")
