"""``taskgraph run``: carry a plan out on this machine."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from taskgraph_core.cli.findings import warn
from taskgraph_core.cli.options import Again, Exclude, Profile, Select, Spec, Tag, request
from taskgraph_core.compile import Compiled, compile_request
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
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Run on a virtual clock with estimated durations; nothing is executed.")
    ] = False,
    output: Annotated[
        Literal["auto", "live", "plain", "json"],
        typer.Option("--format", help="A live display, plain lines, or one JSON event a line."),
    ] = "auto",
) -> None:
    """Run a plan: in parallel where it may, in order where it must. Exit code 1 if a task failed."""
    compiled = compile_request(request(spec, tag, profile, select, exclude, "again" if again else "due"))
    if output != "json":
        warn(compiled.findings)
    if not simulate:
        _refuse_idle(compiled)
    from taskgraph_core.display import choose  # noqa: PLC0415 - after the plan is known to be sound

    observers = [choose(output, sys.stdout)]
    if simulate:
        from taskgraph_core.engine.simulate import simulate_run  # noqa: PLC0415

        record = simulate_run(compiled.graph, max_parallel=max_parallel, observers=observers)
    else:
        from taskgraph_core.engine.options import RunOptions  # noqa: PLC0415
        from taskgraph_core.engine.run import run_graph  # noqa: PLC0415

        options = RunOptions(project=compiled.location.project, max_parallel=max_parallel)
        record = run_graph(compiled.graph, options, observers)
    raise typer.Exit(0 if record.state == "success" else 1)


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
