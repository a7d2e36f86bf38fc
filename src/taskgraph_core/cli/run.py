"""``taskgraph run``: carry a plan out on this machine."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from taskgraph_core.cli.findings import warn
from taskgraph_core.cli.options import Again, Exclude, Profile, Select, Spec, Tag, request
from taskgraph_core.cli.resume import named_run, plan_now
from taskgraph_core.compile import Compiled, compile_request, read_source
from taskgraph_core.errors import EngineError


def run(
    spec: Spec,
    max_parallel: Annotated[
        int | None,
        typer.Option("--max-parallel", "-j", min=1, help="Tasks at the same time; otherwise as the profile says."),
    ] = None,
    tag: Tag = None,
    profile: Profile = None,
    select: Select = None,
    exclude: Exclude = None,
    *,
    again: Again = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="[RUN]",
            help="Go on with a run that broke off or failed: the plan's last one, or the one named by id or folder.",
        ),
    ] = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="With --resume: the plan changed since; do again what did.")
    ] = False,
    durable: Annotated[
        bool, typer.Option("--durable", help="Sync every step, so that a power failure loses none either.")
    ] = False,
    executor: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Have an existing cluster carry the tasks out: dask://host:8786, ray://host:10001 or ray://auto.",
        ),
    ] = "",
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Run on a virtual clock with estimated durations; nothing is executed.")
    ] = False,
    output: Annotated[
        Literal["auto", "live", "plain", "json"],
        typer.Option("--format", help="A live display, plain lines, or one JSON event a line."),
    ] = "auto",
    display: Annotated[
        Literal["progress", "realtime", "collapsed", "hybrid"],
        typer.Option(help="Bars, each start and end as it happens, one line, or what suits the size of the plan."),
    ] = "hybrid",
) -> None:
    """Run a plan: in parallel where it may, in order where it must. Exit code 1 if a task failed."""
    if simulate and resume is not None:
        msg = "a simulation leaves nothing to resume"
        raise typer.BadParameter(msg, param_hint="--simulate")
    if simulate and executor:
        msg = "a simulation carries nothing out, so no cluster can"
        raise typer.BadParameter(msg, param_hint="--simulate")
    asked = request(spec, tag, profile, select, exclude, "again" if again else "due")
    source = read_source(asked)
    compiled = compile_request(asked, source)
    if output != "json":
        warn(compiled.findings)
    if not simulate and resume is None:
        _refuse_idle(compiled)
    from taskgraph_core.display import choose  # noqa: PLC0415 - after the plan is known to be sound

    observers = [choose(output, sys.stdout, display)]
    if simulate:
        from taskgraph_core.durations import estimates, measured  # noqa: PLC0415
        from taskgraph_core.engine.simulate import simulate_run  # noqa: PLC0415

        graph = measured(compiled.graph, estimates(compiled.graph, source.location.project))
        record = simulate_run(graph, max_parallel=max_parallel, observers=observers)
    else:
        from taskgraph_core.engine.options import RunOptions  # noqa: PLC0415
        from taskgraph_core.engine.run import resume_graph, run_graph  # noqa: PLC0415

        options = RunOptions(
            project=source.location.project, max_parallel=max_parallel, durable=durable, executor=executor
        )
        if resume is None:
            record = run_graph(compiled.graph, options, observers)
        else:
            directory = named_run(resume, options.project, compiled.graph.id)
            plan = plan_now(asked, source, compiled, directory.read_graph()).graph
            record = resume_graph(directory, plan, options, observers, accept_changes=accept_changes, note=_note)
    raise typer.Exit(0 if record.state == "success" else 1)


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _refuse_idle(compiled: Compiled) -> None:
    """A run in which no task does anything would look like success."""
    tasks = compiled.graph.tasks
    if tasks and all(task.action.kind == "noop" for task in tasks) and compiled.idle:
        msg = "no task of this plan has an action, so nothing would be done"
        raise EngineError(
            msg,
            where=compiled.location.name,
            fix="'taskgraph init' writes a profile to start from; --simulate runs on a virtual clock",
        )
