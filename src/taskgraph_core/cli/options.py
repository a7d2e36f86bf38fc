"""Arguments and options that several subcommands share, and what they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from taskgraph_core.compile import Request
from taskgraph_core.selection import Selection

Spec = Annotated[
    str, typer.Argument(help="A tasks.json, a project folder, a compiled graph.json, or - for standard input.")
]
Tag = Annotated[str | None, typer.Option(help="Which tag of the plan; otherwise as Taskmaster itself chooses.")]
Profile = Annotated[
    Path | None, typer.Option(help="The profile; otherwise taskgraph.toml beside the plan or in .taskmaster/.")
]
Select = Annotated[
    list[str] | None,
    typer.Option(help="Only these tasks: 5, 5.*, +5 (and what it waits for), 5+, tag:x, status:x, priority:x."),
]
Exclude = Annotated[list[str] | None, typer.Option(help="Not these tasks; patterns as for --select.")]
Again = Annotated[bool, typer.Option("--all", help="Finished tasks too.")]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="For people or for machines.")]


def request(
    spec: str,
    tag: str | None = None,
    profile: Path | None = None,
    select: list[str] | None = None,
    exclude: list[str] | None = None,
    scope: Literal["due", "again", "whole"] = "due",
) -> Request:
    """What the options ask for."""
    return Request(spec, tag, profile, Selection(tuple(select or ()), tuple(exclude or ())), scope)
