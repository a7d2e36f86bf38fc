"""``taskgraph_flow``: a flow straight from its plan, two lines in a file instead of a generated one."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from prefect import Flow
from prefect.logging import get_run_logger
from prefect.states import State  # noqa: TC002 - Prefect reads the annotations of a flow
from prefect.task_runners import ThreadPoolTaskRunner

from prefect_integration.collection.artifact import plan_artifact
from prefect_integration.collection.wanted import Wanted, profile_of, seen_from
from prefect_integration.generating.flow_file import DEFAULT_PARALLEL
from prefect_integration.generating.table import graph_row, task_row
from prefect_integration.running import run_table
from taskgraph_core.selection import Selection
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from prefect.task_runners import TaskRunner

    from prefect_integration.collection.profile import TaskgraphProfile


def taskgraph_flow(
    spec: str | os.PathLike[str],
    *,
    tag: str | None = None,
    profile: str | os.PathLike[str] | TaskgraphProfile | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    again: bool = False,
    task_runner: TaskRunner[Any] | None = None,
) -> Flow[..., State]:
    """The flow of a plan; each of its runs carries out the plan as it is when the run starts.

    Assign it to a variable named like the graph, with ``_`` for ``-``: that is where Prefect looks for it::

        nightly = taskgraph_flow("tasks.json")  # prefect deploy flows.py:nightly, or nightly.serve()

    It takes ``only`` and ``dry_run``, as a generated flow does, and leaves the plan as an artifact of the run.

    Args:
        spec: a tasks.json, a project folder or a compiled graph.json; relative paths are seen from the calling file.
        tag: which tag of the plan; otherwise as Taskmaster itself chooses.
        profile: a block, or the profile's path; otherwise taskgraph.toml beside the plan or in .taskmaster/.
        select: only these tasks, as for ``--select``.
        exclude: not these tasks.
        again: finished tasks too, as with ``--all``.
        task_runner: otherwise threads, as many as the plan has tasks at once.

    Raises:
        TaskgraphError: the plan cannot be read, or is not sound.
    """
    caller = sys._getframe(1).f_globals  # noqa: SLF001 - the file that calls is where paths are seen from
    wanted = Wanted(
        str(seen_from(caller, spec)),
        tag,
        profile_of(profile, caller),
        Selection(tuple(select), tuple(exclude)),
        again,
    )
    graph = wanted.compiled().graph

    def run(*, only: list[str] | None = None, dry_run: bool = False) -> State:
        """Run the tasks of a plan.

        Args:
            only: which of them: ids, globs such as 5.*, tag:..., priority:...; nothing means all.
            dry_run: log what each task would do instead of doing it.
        """
        compiled = wanted.compiled()
        for finding in compiled.findings:
            if finding.severity == "warning":
                get_run_logger().warning("%s", plain(f"{finding.code}: {finding.message}"))
        now = compiled.graph
        plan_artifact(now)
        return run_table(
            graph_row(now),
            [task_row(task) for task in now.tasks],
            max_parallel=now.policy.max_parallel or DEFAULT_PARALLEL,
            only=only,
            dry_run=dry_run,
        )

    run.__module__ = caller.get("__name__", "__main__")
    run.__name__ = run.__qualname__ = re.sub(r"\W", "_", graph.id)
    parallel = graph.policy.max_parallel or DEFAULT_PARALLEL
    return Flow(
        run,
        name=graph.id,
        version=graph.fingerprint,
        task_runner=task_runner or ThreadPoolTaskRunner(max_workers=parallel),
    )
