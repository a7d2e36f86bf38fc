"""Where Prefect keeps results, as the place of a run's journal.

That is the flow's result storage, else the default one of the profile or the server, else a
folder of this machine. Only JSON is written, and only JSON is read: no pickle, whatever
serialiser is configured.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prefect.logging import get_run_logger
from prefect.results import get_default_result_storage

from prefect_integration.names import printable
from prefect_integration.running.journal import Files, Journal
from prefect_integration.running.resume import Earlier, life, recall
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect.context import FlowRunContext

    from taskgraph_core.engine.clock import SteadyClock
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Scheduler

FOLDER = "taskgraph"


class Results:
    """A storage block, asked and told synchronously."""

    def __init__(self, block: Any) -> None:  # noqa: ANN401 - blocks have synchronous methods in two manners
        self._block = block

    def read(self, name: str) -> bytes:
        """The content of a file."""
        content: bytes = self._block.read_path(name, _sync=True)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Make or replace a file."""
        self._block.write_path(name, content=content, _sync=True)


@contextmanager
def recorded(
    context: FlowRunContext, graph: TaskGraph, scheduler: Scheduler, max_parallel: int, clock: SteadyClock
) -> Iterator[tuple[Journal | None, Earlier]]:
    """A journal for this life of the run, and what earlier lives left, of which the scheduler knows by then.

    Without a journal, because the storage cannot be written, the run goes on; but not one that
    has had earlier lives: it would do again what they did.

    Raises:
        EngineError: that, or what is recorded cannot be read.
    """
    run: Any = context.flow_run  # run_table has seen that there is one
    log = get_run_logger()
    block = context.result_store.result_storage or get_default_result_storage(_sync=True)
    files = Files(Results(block), f"{FOLDER}/{run.id}/{graph.fingerprint}")
    try:
        files.try_out()
    except Exception as error:
        reason = _words(error)
        if run.run_count > 1:
            msg = f"what this run did before cannot be looked up in its result storage: {reason}"
            raise EngineError(msg, where=graph.id, fix="make the storage reachable, then retry the run") from error
        log.warning("nothing is recorded of this run, so that a retry repeats it: %s", reason)
        yield None, Earlier()
        return
    rows = files.read()
    earlier = recall(rows, graph, scheduler) if rows else Earlier()
    if rows:
        clock.go_on_from(rows[-1][1])
        _end_leftovers(str(run.id), earlier)
        log.info("found done: %d of %d tasks", len(earlier.final), len(graph.tasks))
    elif run.run_count > 1:
        log.warning("nothing is recorded of earlier lives of this run with this plan: everything is done anew")
    journal = Journal(files.write, lambda error: log.warning("no more is recorded of this run: %s", _words(error)))
    journal.add(life(graph, str(run.id), clock(), max_parallel), *earlier.going_on)
    try:
        yield journal, earlier
    finally:
        journal.close()


def _words(error: Exception) -> str:
    return printable(f"{type(error).__name__}: {error}")[:300]


def _end_leftovers(run_id: str, earlier: Earlier) -> None:
    """What the earlier life's process left running on this machine, before the same task starts again."""
    # Few runs are taken up again, so few pay for looking through processes.
    from taskgraph_core.engine.processes.leftovers import end_leftovers  # noqa: PLC0415
    from taskgraph_core.engine.resuming.leftovers import trees  # noqa: PLC0415

    if ended := end_leftovers(trees(run_id, earlier.events)):
        get_run_logger().info("ended %d processes that were left running", ended)
