"""``taskgraph run SPEC --resume [RUN]``: which run is meant, and what the plan says of its tasks now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from taskgraph_core.compile import compile_request
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Task

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.compile import Compiled, Request, Source
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import TaskGraph

LAST = "last"
"""What ``--resume`` means without the name of a run."""


class RunCommand(TyperCommand):
    """A command whose option ``--resume`` may stand without a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's context, or click's
        """Say which run is meant where only ``--resume`` is written."""
        words = []
        for word, following in zip(args, [*args[1:], "-"], strict=True):
            words += [word, LAST] if word == "--resume" and following.startswith("-") else [word]
        return super().parse_args(ctx, words)


def named_run(name: str, project: Path, graph_id: str) -> RunDirectory:
    """The run that is meant: by id or path, or the last one of this plan.

    Raises:
        EngineError: there is none, or its journal is damaged.
    """
    from taskgraph_core.engine.journal import read  # noqa: PLC0415 - only a resumed run pays for it
    from taskgraph_core.engine.rundir import RunDirectory, runs  # noqa: PLC0415

    if name != LAST:
        return RunDirectory.open(project, name)
    for directory in runs(project):
        if read(directory.path).graph_id == graph_id:
            return directory
    msg = f"there is no run of {graph_id!r} to resume"
    raise EngineError(msg, where=str(project), fix="start one with 'taskgraph run' and no --resume")


def plan_now(asked: Request, source: Source, given: Compiled, stored: TaskGraph) -> Compiled:
    """What the plan says now of the tasks of a run, finished ones too, and of any that it has got since.

    What is due now would be the wrong thing to compare: tasks may have been marked done because the run did them.
    """
    if given.graph.fingerprint == stored.fingerprint:
        return given
    ids = [task.id for graph in (stored, given.graph) for task in graph.tasks if not _is_witness(task)]
    return compile_request(replace(asked, keep=frozenset(ids)), source)


def _is_witness(task: Task) -> bool:
    """Whether a task only stands for one that was finished before the run; see ``taskmaster.lower``."""
    return task == Task(id=task.id, title=task.title, status="done")
