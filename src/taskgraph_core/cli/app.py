"""The command itself: which subcommands there are, and how any error ends it."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from taskgraph_core.cli import check, compile_, control, generate, init, plan, run, runs, schema, show, status
from taskgraph_core.cli.adapters import WithAdapters
from taskgraph_core.cli.resume import RunCommand
from taskgraph_core.errors import TaskgraphError

app = typer.Typer(
    name="taskgraph",
    cls=WithAdapters,
    help="One validated task graph out of a Taskmaster plan: check it, plan it, see it, run it, or generate it for "
    "Airflow or Prefect.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("check")(check.check)
app.command("compile")(compile_.compile_)
app.command("plan")(plan.plan)
app.command("show")(show.show)
app.command("run", cls=RunCommand)(run.run)
app.command("runs")(runs.runs)
app.command("status")(status.status)
app.command("cancel")(control.cancel)
app.command("pause")(control.pause)
app.command("resume")(control.resume)
app.command("limit")(control.limit)
app.command("generate", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(generate.generate)
app.command("init")(init.init)
app.command("schema")(schema.schema)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from taskgraph_core import __version__  # noqa: PLC0415 - costs time, and is wanted only here

        typer.echo(f"taskgraph {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; an error of ours becomes three short lines and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows only ASCII is no reason to fail
    try:
        app()
    except TaskgraphError as error:
        typer.echo(explain(error), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that may not be read
        where = str(error.filename or "")
        typer.echo(explain(TaskgraphError(str(error.strerror or error).lower(), where=where)), err=True)
        sys.exit(TaskgraphError.exit_code)


def explain(error: TaskgraphError) -> str:
    """An error for the terminal: what, where, what to do."""
    lines = [f"error: {error.what}"]
    if error.where:
        lines.append(f"   in: {error.where}")
    if error.fix:
        lines.append(f"   do: {error.fix}")
    return "\n".join(lines)
