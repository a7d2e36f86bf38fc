"""``taskgraph status``: where a run stands, whether it goes on, broke off or ended."""

from __future__ import annotations

import json
import time

import typer

from taskgraph_core.cli.options import Format
from taskgraph_core.cli.which_run import Project, Run, run_meant


def status(run: Run = "last", project: Project = None, *, output: Format = "text") -> None:
    """Say where a run stands: how many tasks are in which state, what runs, what waits for what, what failed."""
    directory = run_meant(run, project)
    from taskgraph_core.display.inspection import inspect  # noqa: PLC0415 - after the run is known
    from taskgraph_core.display.standing import as_dict  # noqa: PLC0415

    found = inspect(directory)
    now = time.time()
    if output == "json":
        typer.echo(json.dumps(as_dict(found, now), indent=2))
        return
    from rich.console import Console  # noqa: PLC0415 - machine output does not pay for it

    from taskgraph_core.display.standing import lines  # noqa: PLC0415

    console = Console(highlight=False)
    for line in lines(found, now, console.width):
        console.print(line, soft_wrap=True)
