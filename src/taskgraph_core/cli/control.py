"""``taskgraph cancel``, ``pause``, ``resume`` and ``limit``: orders to a run that goes on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from taskgraph_core.cli.which_run import Project, Run, run_meant
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.engine.journal import Story
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.engine.steering.control import Kind

PATIENCE = 3.0
"""Seconds to wait for the engine's answer."""

_PAUSE = 0.05


def cancel(run: Run, project: Project = None) -> None:
    """End a run before its time: stop what runs, cancel what waits, roll back if the policy says so."""
    _carry_out(run_meant(run, project), "cancel")


def pause(run: Run, project: Project = None) -> None:
    """Start nothing new until it is resumed; what runs goes on."""
    _carry_out(run_meant(run, project), "pause")


def resume(run: Run, project: Project = None) -> None:
    """Start tasks again after a pause; an interrupted run is continued by `taskgraph run SPEC --resume` instead."""
    _carry_out(run_meant(run, project), "resume")


def limit(
    run: Run,
    max_parallel: Annotated[int, typer.Option("--max-parallel", "-j", min=1, help="Tasks at the same time.")],
    project: Project = None,
) -> None:
    """Change how many tasks may run at the same time; what runs goes on."""
    _carry_out(run_meant(run, project), "limit", max_parallel)


def _carry_out(directory: RunDirectory, kind: Kind, parallel: int = 0) -> None:
    """Give an order, wait until the journal shows what became of it, and say that."""
    from taskgraph_core.engine.journal import read  # noqa: PLC0415
    from taskgraph_core.engine.steering.control import Order, send  # noqa: PLC0415 - after the run is known

    before = read(directory.path)
    if before.ended is not None:
        raise _too_late(before)
    if not send(directory.path, Order(kind, parallel)):
        raise _deaf(directory, before)
    answer = _answer(directory, kind, len(before.events))
    typer.echo(f"run {before.run_id}: {_said(answer, parallel)}")


def _answer(directory: RunDirectory, kind: Kind, known: int) -> Event:
    """What the journal has of it, behind the events known before."""
    from taskgraph_core.engine.events import LimitChanged, RunStopping  # noqa: PLC0415
    from taskgraph_core.engine.journal import read  # noqa: PLC0415

    deadline = time.monotonic() + PATIENCE
    seen = None
    while time.monotonic() < deadline:
        now = _written(directory)
        if now != seen:
            seen = now
            story = read(directory.path)
            for event in story.events[known:]:
                if isinstance(event, RunStopping if kind == "cancel" else LimitChanged):
                    return event
            if story.ended is not None:
                raise _too_late(story)
        time.sleep(_PAUSE)
    msg = f"its engine did not answer within {PATIENCE:.0f} seconds"
    raise EngineError(msg, where=str(directory.path), fix="look at it with 'taskgraph status', and try again")


def _written(directory: RunDirectory) -> list[tuple[int, int]]:
    """Changes whenever the journal does: reading it all takes longer than asking for this."""
    found = [os.stat(place) for place in directory.path.glob("journal.db*")]  # noqa: PTH116 - one call for both numbers
    return [(one.st_size, one.st_mtime_ns) for one in found]


def _said(answer: Event, asked: int) -> str:
    from taskgraph_core.engine.events import LimitChanged, RunStopping  # noqa: PLC0415
    from taskgraph_core.show.text import plain  # noqa: PLC0415

    match answer:
        case RunStopping(reason=reason):
            return f"stopping, because {plain(reason)}"
        case LimitChanged(parallel=parallel, reason=reason):
            now = f"at most {parallel:,} at a time" if parallel else "nothing new starts"
            if reason:
                now += f", because {plain(reason)}"
            return f"{now}; at most {asked:,} after that" if asked not in (0, parallel) else now
    return "done"


def _too_late(story: Story) -> EngineError:
    msg = f"it has ended already: {story.ended}"
    return EngineError(msg, where=f"run {story.run_id}", fix="'taskgraph status' says more")


def _deaf(directory: RunDirectory, story: Story) -> EngineError:
    """Why nobody hears an order."""
    from taskgraph_core.engine.resuming.lock import holder  # noqa: PLC0415

    engine, where = holder(directory.path), f"run {story.run_id}"
    if engine is None:
        msg = "nobody carries it out: its engine ended before it did"
        return EngineError(msg, where=where, fix=f"'taskgraph run SPEC --resume {story.run_id}' continues it")
    if engine.host != os.uname().nodename:
        return EngineError(f"it is carried out on {engine.host}", where=where, fix="give the order there")
    msg = f"its engine, process {engine.pid}, takes no orders"
    return EngineError(msg, where=where, fix=f"'kill {engine.pid}' cancels it")
