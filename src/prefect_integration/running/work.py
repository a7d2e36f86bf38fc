"""What a task run does, in whichever process that is: an order in, a Prefect state out."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from functools import cache, partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Failed

from prefect_integration.names import printable
from prefect_integration.running import distant
from prefect_integration.running.exchange import heeded, is_here
from prefect_integration.running.limits import slots
from prefect_integration.running.order import Order, in_words
from taskgraph_core.engine.actions.capture import Log
from taskgraph_core.engine.actions.python import called, find
from taskgraph_core.engine.attempt import DONE
from taskgraph_core.engine.single.attempt import Attempt, Ended
from taskgraph_core.engine.single.desk import desk_of_this_process, make_importable
from taskgraph_core.ir import Noop, Python

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect.states import State as PrefectState

    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.single.desk import Desk

OUTPUT_LIMIT = 256 * 1024
"""Bytes of output that are logged of each attempt: of what is longer, the start and the end. Logs go to the server."""

_FOUND = "found so when the run was taken up again"
_AGAIN = "the worker that carried it out died; what the task runner starts again by itself does nothing"


def _attempt(name: str, order: str) -> PrefectState:  # noqa: ARG001 - the run's name
    """One attempt."""
    work = Order.read(order)
    _add_tags(work.tags)
    log = get_run_logger().info
    call = work.call
    if work.dry_run:
        log("%s", f"would {in_words(call.action)}")
        return Completed(message="dry run")

    def tell(line: str) -> None:
        log("%s", printable(line))

    stop = threading.Event()
    attempt = Attempt(call, work.origin, tell, output_limit=OUTPUT_LIMIT)

    def end() -> None:
        stop.set()
        attempt.stop()

    if not is_here(work.exchange):
        _end_with_parent()
    ask = partial(distant.listen, work.run_id, undo=work.undo)
    with heeded(work.exchange, work.key, end, _desk, ask) as word:
        if word == "again":
            return Failed(message=_AGAIN)
        if word != "go":
            end()
        with slots(work.slots, work.rates, stop, tell):
            ended = None if stop.is_set() else _ended_here(work, call, tell)
            return state_of(ended or _desk().run(attempt))


def _ended_here(work: Order, call: Call, tell: Callable[[str], None]) -> Ended | None:
    """Carry out in this thread what nobody could end anyway; None if that is to be done at the desk.

    That is a plain function without a timeout, in a thread of the flow: to hand it to another
    thread, and back, takes longer than most of what Prefect does for a task.
    """
    action = call.action
    if isinstance(action, Noop):
        return Ended(DONE)
    if not isinstance(action, Python) or action.process or call.task.timeout is not None or not is_here(work.exchange):
        return None
    make_importable(work.origin.project)
    try:
        function = find(action.entry_point)
    except (Exception, SystemExit):  # noqa: BLE001 - it fails there again, and says why
        return None
    if function.is_coroutine:
        return None
    return Ended(called(partial(function.call, **action.kwargs), _Told(tell)))


class _Told(Log):
    """A log that is told line by line instead of being written."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(Path)
        self._tell = tell

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._tell(line)
        return len(text)


def _shown(name: str, order: str) -> PrefectState:  # noqa: ARG001 - the run's name
    """The state of a task that never ran, or that an earlier life of the run brought to its end."""
    work = json.loads(order)
    _add_tags(work["tags"])
    match work["state"], work["found"]:
        case "success", True:
            return Completed(name="Cached", message=_FOUND)
        case "skipped", found:
            return Completed(name="Skipped", message=_FOUND if found else "its trigger rule was not met")
        case "failed", True:
            return Failed(message=_FOUND)
        case "upstream_failed", _:
            return Cancelled(name="UpstreamFailed", message="a task it waits for failed")
        case _:
            return Cancelled(message="the run stopped before it could start")


_PLAIN: dict[str, Any] = {
    "task_run_name": "{name}",
    "retries": 0,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
ATTEMPT = task(_attempt, name="attempt", log_prints=True, **_PLAIN)
SHOWN = task(_shown, name="shown", **_PLAIN)


def _desk() -> Desk:
    return desk_of_this_process(OUTPUT_LIMIT)


def _add_tags(more: list[str]) -> None:
    context = TaskRunContext.get()
    if context is not None:
        context.task_run.tags.extend(more)


def state_of(ended: Ended) -> PrefectState:
    """How an attempt ended, as a state of Prefect's."""
    result = ended.result
    message = printable(result.error)
    match result.outcome:
        case "success":
            return Completed()
        case "skipped":
            return Completed(name="Skipped", message=f"exit code {result.exit_code}")
        case "cancelled":
            return Cancelled(message=f"ended because the run stopped{message and ': '}{message}")
        case _:
            return Failed(name="TimedOut" if ended.timed_out else "Failed", message=message)


@cache
def _end_with_parent() -> None:
    """End this process when the one that started it dies: Python's own pools leave their workers waiting for ever.

    What the attempts here have started ends with them: see ``guardian``.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="taskgraph-parent", daemon=True).start()
