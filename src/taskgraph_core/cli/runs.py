"""``taskgraph runs``: what was run, and what became of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taskgraph_core.cli.options import Format
from taskgraph_core.cli.which_run import project_folder
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from taskgraph_core.engine.rundir import RunDirectory

_HEADINGS = ("RUN", "GRAPH", "STATE", "STARTED", "TOOK", "DONE")


def runs(
    spec: Annotated[
        str | None, typer.Argument(help="A plan or a project folder; otherwise the project around this folder.")
    ] = None,
    most: Annotated[int, typer.Option("--most", "-n", min=1, help="How many at most.")] = 20,
    *,
    output: Format = "text",
) -> None:
    """List the runs of a project: the one started or resumed last comes first."""
    from taskgraph_core.engine import rundir  # noqa: PLC0415 - the parser does not pay for it

    if spec is None or Path(spec).is_dir():
        project = project_folder(Path(spec) if spec is not None else None)
    else:
        from taskgraph_core.taskmaster.locate import locate  # noqa: PLC0415

        project = locate(spec).project
    known = rundir.runs(project)
    found = [_look(run) for run in known[:most]]
    if output == "json":
        typer.echo(json.dumps({"runs": found, "total": len(known)}, indent=2))
    elif not known:
        typer.echo("Nothing was run here yet.")
    else:
        _print(found, len(known) - len(found))


def _look(run: RunDirectory) -> dict[str, Any]:
    """One run in the machine form; one that cannot be read says why, and hides no other."""
    from taskgraph_core.display.inspection import inspect  # noqa: PLC0415

    try:
        found = inspect(run)
    except EngineError as error:
        return {"run_id": run.path.name, "state": "unreadable", "error": str(error), "directory": str(run.path)}
    progress = found.progress
    return {
        "run_id": found.story.run_id,
        "graph_id": found.story.graph_id,
        "state": found.state,
        "started": found.story.started,
        "seconds": round(found.seconds(time.time()), 3),
        "tasks": progress.total,
        "done": progress.counts["success"],
        "directory": str(run.path),
    }


def _print(found: list[dict[str, Any]], left_out: int) -> None:
    from rich.console import Console  # noqa: PLC0415 - machine output does not pay for it
    from rich.text import Text  # noqa: PLC0415

    from taskgraph_core.display.standing import STYLES  # noqa: PLC0415

    rows = [_cells(run) for run in found]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(_aligned(_HEADINGS, widths), "bold"))
    for run, cells in zip(found, rows, strict=True):
        line = Text(_aligned(cells, widths))
        start = widths[0] + widths[1] + 4
        line.stylize(STYLES[run["state"]], start, start + len(cells[2]))
        console.print(line)
        if "error" in run:
            console.print(Text(f"  {_plain(run['error'])}", "red"))
    if left_out:
        console.print(Text(f"and {left_out:,} more; --most shows more of them", "dim"))


def _cells(run: dict[str, Any]) -> tuple[str, ...]:
    if "error" in run:
        return (_plain(run["run_id"]), "", run["state"], "", "", "")
    from taskgraph_core.duration import human  # noqa: PLC0415

    started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run["started"]))
    done = f"{run['done']:,} of {run['tasks']:,}"
    return (_plain(run["run_id"]), _plain(run["graph_id"]), run["state"], started, human(run["seconds"]), done)


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _plain(text: str) -> str:
    from taskgraph_core.show.text import plain  # noqa: PLC0415

    return plain(text)
