"""Attempts as Prefect task runs on the flow's task runner.

An attempt is submitted only when it may start, so no worker ever waits for another task. The
runs it came after are passed in ``wait_for``: they have ended, nothing waits for them, and the
server draws the edges. Two kinds cannot be passed, because Prefect would hold back the attempt
for ever: crashed and cancelled runs; those edges are missing in the drawing.

Prefect's own retries stay off: they keep the worker, and the limit's slot, during the pause.
Tasks that never ran (skipped by rule, upstream failed, cancelled) get a tiny task run that does
nothing but have that state: a few milliseconds each, and the run page shows the whole plan.
They are of the type Cancelled, not Failed, when an upstream task failed: so what is red on
the page is what went wrong.

A run begins only with tags by which the server counts it; the others are added once it has
begun, and are recorded when it ends. Prefect asks the server for a limit once for every
distinct set of tags that a run begins with, and builds a client for each: 40 tasks that do
nothing, each with a tag of its own, took 14 s instead of 0.2 s. What to do is passed as one
text, because Prefect walks through every other parameter twice in search of futures.
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from prefect import allow_failure, tags, task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Crashed, Failed
from pydantic import TypeAdapter

from prefect_integration.generating.limits import Sharing, Taken
from prefect_integration.names import descriptive_tags, resource_tags, run_name
from prefect_integration.running.actions import carry_out, in_words
from prefect_integration.running.limits import slots
from prefect_integration.running.programs import Surroundings
from taskgraph_core.environment import task_environment
from taskgraph_core.ir import Action, Command

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture
    from prefect.states import State as PrefectState

    from prefect_integration.running.dispatch import Report
    from prefect_integration.running.outcome import Ended
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.scheduler import Outcome, State

_ACTION: TypeAdapter[Action] = TypeAdapter(Action)

_STOPS: dict[str, threading.Event] = {}
"""What the dispatcher sets to end an attempt, by the attempt's key; the worker threads are in this process."""


def _attempt(name: str, order: str) -> PrefectState:  # noqa: ARG001 - the run's name
    """One attempt, in a worker: an order as JSON in, a Prefect state out."""
    work = json.loads(order)
    _add_tags(work["tags"])
    log = get_run_logger().info
    action = _ACTION.validate_python(work["action"])
    if work["dry_run"]:
        log("%s", f"would {in_words(action)}")
        return Completed(message="dry run")
    stop = _STOPS.get(work["key"], threading.Event())
    with slots(work["slots"], work["rates"], stop, lambda line: log("%s", line)):
        around = Surroundings(
            environment={**os.environ, **work["environment"]},
            stop=stop,
            log=lambda line: log("%s", line),
            timeout=work["timeout"],
        )
        return _state_of(carry_out(action, around))


def _shown(name: str, order: str) -> PrefectState:  # noqa: ARG001 - the run's name
    """The state of a task that never ran."""
    work = json.loads(order)
    _add_tags(work["tags"])
    match work["state"]:
        case "skipped":
            return Completed(name="Skipped", message="its trigger rule was not met")
        case "upstream_failed":
            return Cancelled(name="UpstreamFailed", message="a task it waits for failed")
        case _:
            return Cancelled(message="the run stopped before it could start")


def _add_tags(more: list[str]) -> None:
    context = TaskRunContext.get()
    if context is not None:
        context.task_run.tags.extend(more)


_PLAIN = {"task_run_name": "{name}", "retries": 0, "cache_policy": NO_CACHE, "persist_result": False}
ATTEMPT = task(_attempt, name="attempt", log_prints=True, **_PLAIN)
SHOWN = task(_shown, name="shown", **_PLAIN)


def _state_of(ended: Ended) -> PrefectState:
    match ended.outcome:
        case "success":
            return Completed()
        case "skipped":
            return Completed(name="Skipped", message=ended.reason)
        case "cancelled":
            return Cancelled(message=ended.reason)
        case _:
            return Failed(name="TimedOut" if ended.timed_out else "Failed", message=ended.reason)


def _final_state(future: PrefectFuture[Any]) -> PrefectState:
    """The state an attempt ended in; crashed if it raised what its task run could not take."""
    try:
        future.wait()
    except BaseException as error:  # noqa: BLE001 - this runs in a worker thread, which must live on and report
        return Crashed(message=type(error).__name__)
    return future.state


def outcome_of(state: PrefectState) -> Outcome:
    """What a task run's final state means to the scheduler; crashed is failed."""
    if state.is_completed():
        return "skipped" if state.name == "Skipped" else "success"
    return "cancelled" if state.is_cancelled() else "failed"


class PrefectRuns:
    """The task runs of one flow run.

    Args:
        graph: what is carried out.
        run_id: the flow run's id.
        dry_run: only log what each task would do.
    """

    def __init__(self, graph: TaskGraph, run_id: str, *, dry_run: bool = False) -> None:
        self._graph = graph
        self._run_id = run_id
        self._sharing = Sharing(graph)
        self._dry_run = dry_run
        self._keys: dict[str, str] = {}
        self._shown: list[PrefectFuture[Any]] = []
        # How later runs point at the one that ended a task, or its undoing.
        self._ended: dict[str, Any] = {}
        self._undone: dict[str, Any] = {}
        self._downstream: dict[str, list[str]] = {}
        for item in graph.tasks:
            for other in item.depends_on:
                self._downstream.setdefault(other, []).append(item.id)

    # -- what the dispatcher asks for (dispatch.TaskRuns) ---------------------------------------

    def start(self, task_id: str, attempt: int, report: Report) -> None:
        """Submit an attempt."""
        item = self._graph.by_id[task_id]
        self._submit(item, item.action, attempt, self._came_before(item), report)

    def undo(self, task_id: str, attempt: int, report: Report) -> None:
        """Submit an attempt to undo; it comes after the task, and after undoing what came after the task."""
        item = self._graph.by_id[task_id]
        if item.rollback is None:
            msg = f"task {task_id!r} cannot be undone"
            raise ValueError(msg)
        later = [self._undone[other] for other in self._downstream.get(task_id, ()) if other in self._undone]
        self._submit(item, item.rollback, attempt, [self._ended[task_id], *later], report, undo=True)

    def stop(self, task_id: str) -> None:
        """Ask an attempt to end."""
        if stop := _STOPS.get(self._keys[task_id]):
            stop.set()

    def show(self, task_id: str, state: State) -> None:
        """Submit a task run that only has this state."""
        item = self._graph.by_id[task_id]
        order = json.dumps({"tags": descriptive_tags(item), "state": state})
        future = SHOWN.submit(run_name(item), order, wait_for=self._came_before(item))
        self._shown.append(future)
        self._ended.pop(task_id, None)
        if state == "skipped":
            self._ended[task_id] = future

    def stop_everything(self) -> None:
        """Ask every attempt to end; the task runner waits for its threads when the flow is left."""
        for task_id in self._keys:
            self.stop(task_id)

    def settle(self) -> None:
        """Wait until everything shown is recorded; what is still queued when the flow ends would be dropped."""
        for future in self._shown:
            future.wait()

    # -- inside -----------------------------------------------------------------------------------

    def _came_before(self, item: Task) -> list[Any]:
        return [self._ended[other] for other in item.depends_on if other in self._ended]

    def _submit(
        self,
        item: Task,
        action: Action,
        attempt: int,
        after: list[Any],
        report: Report,
        *,
        undo: bool = False,
    ) -> None:
        key = f"{self._run_id}/{'undo' if undo else 'do'}/{attempt}/{item.id}"
        _STOPS[key] = threading.Event()
        self._keys[item.id] = key
        taken = Taken() if self._dry_run else self._sharing.of(item)
        order = {
            "key": key,
            "tags": [*descriptive_tags(item), *sorted(resource_tags(item) - taken.tags)],
            "slots": taken.slots,
            "rates": taken.rates,
            "action": action.model_dump(),
            "environment": {
                **task_environment(self._graph, item),
                **(action.env if isinstance(action, Command) else {}),
                "TASKGRAPH_RUN_ID": self._run_id,
                "TASKGRAPH_ATTEMPT": str(attempt),
            },
            "timeout": item.timeout,
            "dry_run": self._dry_run,
        }

        def done(future: PrefectFuture[Any]) -> None:
            _STOPS.pop(key, None)
            state = _final_state(future)
            if state.is_completed() or state.is_failed():
                ended = self._undone if undo else self._ended
                ended[item.id] = future if state.is_completed() else allow_failure(future)
            report(item.id, outcome_of(state))

        with tags(*taken.tags):
            future = ATTEMPT.submit(run_name(item, attempt, undo=undo), json.dumps(order), wait_for=after)
        future.add_done_callback(done)
