"""Attempts as Prefect task runs on the flow's task runner.

An attempt is submitted only when it may start, so no worker ever waits for another task.

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
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from prefect_integration.generating.limits import Sharing, Taken
from prefect_integration.names import descriptive_tags, resource_tags, run_name
from prefect_integration.running import distant
from prefect_integration.running.exchange import Exchange, socket_in
from prefect_integration.running.order import Order, attempt_key
from prefect_integration.running.places import Places, final_state
from prefect_integration.running.work import ATTEMPT, OUTPUT_LIMIT, SHOWN
from taskgraph_core.engine.single.desk import desk_of_this_process
from taskgraph_core.ir import Noop, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from prefect import Task as PrefectTask
    from prefect.futures import PrefectFuture
    from prefect.states import State as PrefectState
    from prefect.task_runners import TaskRunner

    from prefect_integration.running.dispatch import Report
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.scheduler import Outcome, State


FRESH_POOLS = 3
"""Times that an attempt is submitted again which never began, because others had broken its pool."""


def outcome_of(state: PrefectState) -> Outcome:
    """What a task run's final state means to the scheduler; crashed is failed."""
    if state.is_completed():
        return "skipped" if state.name == "Skipped" else "success"
    return "cancelled" if state.is_cancelled() else "failed"


class PrefectRuns:
    """The task runs of one flow run; open it with ``with``.

    Args:
        graph: what is carried out.
        run_id: the flow run's id.
        runner: the flow's task runner, started.
        dry_run: only log what each task would do.
    """

    def __init__(self, graph: TaskGraph, run_id: str, runner: TaskRunner[Any], *, dry_run: bool = False) -> None:
        self._graph = graph
        self._run_id = run_id
        self._project = str(Path.cwd())
        self._sharing = Sharing(graph)
        self._dry_run = dry_run
        self._places = Places(runner)
        self._exchange: Exchange
        self._attempts: dict[str, str] = {}
        self._shown: list[PrefectFuture[Any]] = []
        # The task run that ended a task, or its undoing: those that come after point at it.
        self._ended: dict[str, UUID] = {}
        self._undone: dict[str, UUID] = {}
        self._downstream: dict[str, list[str]] = {}
        for item in graph.tasks:
            for other in item.depends_on:
                self._downstream.setdefault(other, []).append(item.id)

    def __enter__(self) -> Self:
        """Begin."""
        self._places.__enter__()
        if self._places.in_this_process:
            self._exchange = Exchange(uuid4().hex)
        else:
            desk = desk_of_this_process(OUTPUT_LIMIT)
            self._exchange = Exchange(socket_in(desk.folder()))
            self._exchange.open(desk)
        return self

    def __exit__(self, *exception: object) -> None:
        """End what the flow's runner does not end."""
        self._places.__exit__()
        self._exchange.close()

    # -- what the dispatcher asks for (dispatch.TaskRuns) ---------------------------------------

    def start(self, task_id: str, attempt: int, report: Report) -> None:
        """Submit an attempt."""
        item = self._graph.by_id[task_id]
        self._submit(item, attempt, self._came_before(item), report)

    def undo(self, task_id: str, attempt: int, report: Report) -> None:
        """Submit an attempt to undo; it comes after the task, and after undoing what came after the task."""
        item = self._graph.by_id[task_id]
        if item.rollback is None:
            msg = f"task {task_id!r} cannot be undone"
            raise ValueError(msg)
        later = [self._undone[other] for other in self._downstream.get(task_id, ()) if other in self._undone]
        self._submit(item, attempt, [self._ended[task_id], *later], report, undo=True)

    def stop(self, task_id: str) -> None:
        """Ask an attempt to end."""
        if not self._exchange.stop(self._attempts[task_id]):
            self._tell_distant(distant.TASKS)

    def show(self, task_id: str, state: State) -> None:
        """Submit a task run that only has this state."""
        self._show(task_id, state, found=False)

    def recall(self, states: Mapping[str, State]) -> None:
        """Submit a task run with its state for each task that an earlier life of this run brought to its end."""
        for task_id, state in states.items():
            self._show(task_id, state, found=True)
        self.settle()

    def stop_everything(self) -> None:
        """Ask every attempt to end; the task runner waits for its workers when the flow is left."""
        told = [self._exchange.stop(key) for key in list(self._attempts.values())]
        if not all(told):
            self._tell_distant(distant.EVERYTHING)

    def settle(self) -> None:
        """Wait until everything shown is recorded; what is still queued when the flow ends would be dropped."""
        for future in self._shown:
            future.wait()

    # -- inside -----------------------------------------------------------------------------------

    def _show(self, task_id: str, state: State, *, found: bool) -> None:
        item = self._graph.by_id[task_id]
        order = json.dumps({"tags": descriptive_tags(item), "state": state, "found": found})
        future = self._places.submit(SHOWN, run_name(item), order, self._came_before(item), beside=True)
        self._shown.append(future)
        self._ended[task_id] = future.task_run_id

    def _came_before(self, item: Task) -> list[UUID]:
        return [self._ended[other] for other in item.depends_on if other in self._ended]

    def _submit(self, item: Task, attempt: int, after: list[UUID], report: Report, *, undo: bool = False) -> None:
        taken = Taken() if self._dry_run else self._sharing.of(item)
        action = item.rollback if undo else item.action
        order = Order(
            task=item.model_dump(),
            number=attempt,
            graph_id=self._graph.id,
            run_id=self._run_id,
            project=self._project,
            exchange=self._exchange.address,
            undo=undo,
            tags=[*descriptive_tags(item), *sorted(resource_tags(item) - taken.tags)],
            slots=taken.slots,
            rates=taken.rates,
            dry_run=self._dry_run,
        )
        key = self._attempts[item.id] = attempt_key(item.id, attempt, undo=undo)
        beside = self._dry_run or isinstance(action, Noop | Wait)
        what, name, text = _tagged(taken.tags), run_name(item, attempt, undo=undo), order.text
        ended = self._undone if undo else self._ended

        def begin(tries: int) -> None:
            runner = self._places.runner
            future = self._places.submit(what, name, text, after, beside=beside)

            def done(_: object) -> None:
                state, died = final_state(future)
                if died:
                    self._places.renew(runner)
                    if tries and not self._exchange.has_begun(key):
                        begin(tries - 1)
                        return
                ended[item.id] = future.task_run_id
                report(item.id, outcome_of(state))

            future.add_done_callback(done)

        begin(FRESH_POOLS)

    def _tell_distant(self, what: str) -> None:
        if self._places.distant:
            distant.tell(self._run_id, what)


@cache
def _tagged(tags: frozenset[str]) -> PrefectTask[Any, Any]:
    """The task with tags by which the server counts it."""
    return ATTEMPT.with_options(tags=tags) if tags else ATTEMPT
