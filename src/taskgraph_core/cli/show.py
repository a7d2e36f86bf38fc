"""``taskgraph show``: pictures of a plan, whatever the status of its tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from taskgraph_core.cli.options import Exclude, Profile, Select, Spec, Tag, request
from taskgraph_core.compile import compile_request


def show(
    spec: Spec,
    how: Annotated[
        Literal["tree", "mermaid", "dot", "svg", "html"], typer.Option("--as", help="What kind of picture.")
    ] = "tree",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to; otherwise standard output.")] = None,
    tag: Tag = None,
    profile: Profile = None,
    select: Select = None,
    exclude: Exclude = None,
) -> None:
    """Draw a plan: as a tree in the terminal, as Mermaid, DOT, SVG, or an HTML page."""
    graph = compile_request(request(spec, tag, profile, select, exclude, "whole")).graph
    if how == "tree" and output is None:
        from rich.console import Console  # noqa: PLC0415 - only this form pays for it

        from taskgraph_core.show.tree import tree  # noqa: PLC0415

        Console().print(tree(graph))
        return
    from taskgraph_core.show import render  # noqa: PLC0415 - after the plan is known to be sound

    text = render(graph, how)
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        from taskgraph_core.cli.compile_ import write_output  # noqa: PLC0415

        write_output(output, text)
        typer.echo(str(output))
