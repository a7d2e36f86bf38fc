"""``taskgraph plan``: how a run will go, before it runs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from taskgraph_core.cli.findings import warn
from taskgraph_core.cli.options import Again, Exclude, Format, Profile, Select, Spec, Tag, request
from taskgraph_core.compile import compile_request


def plan(
    spec: Spec,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=1, help="Tasks at the same time; otherwise the best number.")
    ] = None,
    tag: Tag = None,
    profile: Profile = None,
    select: Select = None,
    exclude: Exclude = None,
    *,
    again: Again = False,
    output: Format = "text",
) -> None:
    """Plan a run: waves, critical path, bounds, predicted time, conflicts, and how many workers are worth it."""
    compiled = compile_request(request(spec, tag, profile, select, exclude, "again" if again else "due"))
    from taskgraph_core.analysis.report import report  # noqa: PLC0415 - after the plan is known to be sound
    from taskgraph_core.durations import estimates  # noqa: PLC0415

    found = report(compiled.graph, workers, estimates=estimates(compiled.graph, compiled.location.project))
    if output == "json":
        typer.echo(json.dumps(found.as_dict(), indent=2))
        return
    warn([finding for finding in compiled.findings if finding.code != "TG301"])  # conflicts stand in the report
    if not compiled.graph.tasks:
        typer.echo("Nothing is left to do; --all plans finished tasks too.")
        return
    from rich.console import Console  # noqa: PLC0415 - machine output does not pay for it

    from taskgraph_core.analysis.render import render  # noqa: PLC0415

    console = Console()
    console.print(render(found, compiled.graph, console.width))
