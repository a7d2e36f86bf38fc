"""Which run a user means, and of which project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskgraph_core.errors import InputError
from taskgraph_core.show.text import clipped

if TYPE_CHECKING:
    from taskgraph_core.engine.rundir import RunDirectory

Run = Annotated[
    str, typer.Argument(help="The id of a run or how it begins, 'last' for the latest, or the path of its folder.")
]
Project = Annotated[
    Path | None,
    typer.Option(help="The project's folder; otherwise the nearest from here upwards that has had a run."),
]

_NAMED = 3


def project_folder(named: Path | None = None) -> Path:
    """The project meant: the folder named, or the nearest one that has runs.

    Raises:
        InputError: there is none.
    """
    from taskgraph_core.engine.rundir import runs_folder  # noqa: PLC0415 - the parser does not pay for it

    here = Path.cwd()
    for folder in [named] if named is not None else [here, *here.parents]:
        if runs_folder(folder).is_dir():
            return folder
    msg = (
        "nothing was ever run in this folder" if named is not None else "nothing was ever run here or in a folder above"
    )
    raise InputError(msg, where=str(named or here), fix="name the project's folder with --project")


def run_meant(name: str, project: Path | None = None) -> RunDirectory:
    """The one run that a name stands for.

    Raises:
        InputError: there is none, or more than one.
        EngineError: a folder is named, and it is none.
    """
    from taskgraph_core.engine.rundir import RunDirectory, runs  # noqa: PLC0415

    if "/" in name:
        return RunDirectory.open(Path(), name)
    folder = project_folder(project)
    known = runs(folder)
    exact = [run for run in known if run.path.name == name]
    fitting = exact or (known[:1] if name == "last" else [run for run in known if run.path.name.startswith(name)])
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        msg = f"{len(fitting)} runs begin with {clipped(name)!r}: {_named(fitting)}"
        raise InputError(msg, where=str(folder), fix="write more of the id")
    msg = f"there is no run {clipped(name)!r}"
    fix = f"the latest are {_named(known)}; 'taskgraph runs' lists them" if known else "start one with 'taskgraph run'"
    raise InputError(msg, where=str(folder), fix=fix)


def _named(runs: list[RunDirectory]) -> str:
    names = ", ".join(clipped(run.path.name) for run in runs[:_NAMED])
    return f"{names}, …" if len(runs) > _NAMED else names
