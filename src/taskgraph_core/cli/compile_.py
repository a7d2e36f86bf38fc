"""``taskgraph compile``: the graph itself, for whoever builds on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taskgraph_core.cli.findings import warn
from taskgraph_core.cli.options import Again, Exclude, Profile, Select, Spec, Tag, request
from taskgraph_core.compile import compile_request


def compile_(
    spec: Spec,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to; otherwise standard output.")] = None,
    tag: Tag = None,
    profile: Profile = None,
    select: Select = None,
    exclude: Exclude = None,
    *,
    again: Again = False,
) -> None:
    """Compile a plan to a task graph as JSON (see `taskgraph schema graph`)."""
    compiled = compile_request(request(spec, tag, profile, select, exclude, "again" if again else "due"))
    warn(compiled.findings)
    text = compiled.graph.model_dump_json(indent=2)
    if output is None:
        typer.echo(text)
        return
    write_output(output, f"{text}\n")
    typer.echo(f"{output}: {len(compiled.graph.tasks)} tasks, fingerprint {compiled.graph.fingerprint}")


def write_output(place: Path, text: str) -> None:
    """Write one file the user named.

    Raises:
        TargetError: it cannot be written.
    """
    from taskgraph_core.generate import write_files  # noqa: PLC0415 - only commands that write pay for it

    write_files({place.name: text}, place.parent)
