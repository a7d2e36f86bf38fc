"""``taskgraph init``: a commented profile to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskgraph_core.cli.options import Spec, Tag, request
from taskgraph_core.compile import plan_context, read_source
from taskgraph_core.errors import InputError
from taskgraph_core.ir import TaskGraph


def init(
    spec: Spec = ".",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to; otherwise beside the plan or in .taskmaster/.")
    ] = None,
    tag: Tag = None,
) -> None:
    """Write a commented taskgraph.toml for a plan: how its tasks are carried out."""
    from taskgraph_core.profile.init import starter_profile, write_new  # noqa: PLC0415 - only here
    from taskgraph_core.profile.load import FILE_NAME  # noqa: PLC0415
    from taskgraph_core.taskmaster.lower import graph_id_for  # noqa: PLC0415

    asked = request(spec, tag)
    source = read_source(asked)
    if isinstance(source.content, TaskGraph):
        msg = "a compiled graph needs no profile"
        raise InputError(msg, where=source.location.name, fix="name the plan it was compiled from")
    location = source.location
    plan = plan_context(asked, source).plan
    beside = location.plan.parent if location.plan else Path()
    place = output or (location.taskmaster if location.taskmaster.is_dir() else beside) / FILE_NAME
    write_new(place, starter_profile(plan, graph_id_for(location.project.resolve().name, plan.tag)))
    typer.echo(f"{place}: say there how tasks are carried out, then run 'taskgraph check {spec}'")
