"""One task of a plan, carried out in Airflow by the core's own machinery.

A command behaves as under ``taskgraph run``: no shell or template touches its arguments, what it
prints is in the task's log while it runs, its whole process tree ends with it, and exit code 99 means
skipped. Rates and circuit breakers are kept for all tasks, runs and DAGs of one machine.
"""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, AirflowTaskTimeout

if TYPE_CHECKING:
    # A DAG file is read again in every task's process: what runs a task is imported when one runs.
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_provider.running.attempt import Attempt, Ended
    from airflow_provider.running.limits import Entry, Limits
    from taskgraph_core.engine.actions.entry_point import Function

SHORT = 10.0
"""Seconds that a task waits for a rate or a breaker in its process, all in all; what takes longer is deferred."""


class TaskgraphOperator(BaseOperator):
    """Carries out a command or a Python function of a plan.

    Args:
        action: ``{"command": [...]}`` without a shell or ``{"command": "..."}`` with one, both with ``cwd`` and ``env``
            if wanted; or ``{"call": "module:function"}``, with ``arguments`` and with ``process`` if wanted. With
            ``undo``, it is the task's rollback. What a function returns is pushed as XCom if JSON can hold it.
            Nothing here is a template.
        plan_task_id: the plan's name of the task; the ``task_id`` without it.
        plan_path: the plan to note states in (see ``listening``); none are noted without it.
        plan_tag: the plan's list that the task is in.
        plan_failed: what the plan says of a task that failed.
        about: fields of the plan's task that programs are told, such as ``title``, ``group``, ``priority``.
        project: folder that commands run in and modules are found in; a relative one is seen from the DAG file's.
        limits: by resource, a ``rate`` (``amount`` starts in any ``seconds``), a ``breaker`` (``open`` seconds after so
            many ``failures``), or both.

    ``execution_timeout`` bounds the attempt itself: what it waits for a limit before does not count.
    """

    template_fields: ClassVar[Sequence[str]] = ()
    ui_color = "#e3edf7"

    # Of the process that runs it; a DAG's tasks get copied, and these could not be.
    _ending: Event | None = None
    _attempt: Attempt | None = None

    def __init__(
        self,
        *,
        action: Mapping[str, Any],
        plan_task_id: str = "",
        plan_path: str = "",
        plan_tag: str | None = None,
        plan_failed: str = "pending",
        about: Mapping[str, Any] | None = None,
        project: str = "",
        limits: Mapping[str, Mapping[str, Any]] | None = None,
        **options: Any,  # noqa: ANN401 - those of every operator
    ) -> None:
        super().__init__(**options)
        self.action = action
        self.plan_task_id = plan_task_id or self.task_id
        self.plan_path = plan_path
        self.plan_tag = plan_tag
        self.plan_failed = plan_failed
        self.about = about or {}
        self.project = project
        self.limits = limits or {}

    def execute(self, context: Context) -> object:
        """Wait for what limits it, then carry it out: what its function returned.

        Raises:
            TaskDeferred: it has to wait for long.
            AirflowSkipException: it had nothing to do.
            AirflowTaskTimeout: its time was up.
        AirflowException: it failed.
        """
        return self._execute(context)

    def go_on(self, context: Context, event: object = None) -> object:  # noqa: ARG002 - that time has passed
        """Ask again, after the time for which it was deferred."""
        return self._execute(context)

    def on_kill(self) -> None:
        """End what was started, with its whole process tree."""
        if self._ending is not None:
            self._ending.set()
        if self._attempt is not None:
            self._attempt.stop()

    def function_of(self, context: Context) -> Function | None:  # noqa: ARG002 - for those who know more
        """What to call instead of an entry point."""
        return None

    def _execute(self, context: Context) -> object:
        from airflow_provider.running.leftovers import under_way  # noqa: PLC0415 - see the top
        from airflow_provider.running.shared import shared_folder, shared_limits  # noqa: PLC0415

        # The core bounds the attempt, and ends all of it; Airflow's alarm would go off in the middle of an event loop.
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._ending = Event()
        limits = shared_limits(self.limits)
        attempt = self._attempt = self._prepared(context)
        entry = self._enter(limits, self._ending) if limits is not None else None
        ended = None
        try:
            with under_way(shared_folder() / "under-way", attempt.key, attempt.number) as leftovers:
                if leftovers:
                    self.log.warning("Ended what an attempt that died had left: %d processes", leftovers)
                ended = attempt.run()
        finally:
            if limits is not None and entry is not None:
                self._leave(limits, entry, ended)
        return _value(ended)

    def _prepared(self, context: Context) -> Attempt:
        from airflow_provider.running.attempt import Attempt, Where  # noqa: PLC0415 - see the top
        from airflow_provider.running.work import call_of  # noqa: PLC0415

        instance = context["ti"]
        timeout = self.execution_timeout.total_seconds() if self.execution_timeout else None
        fields = {"description": self.doc_md or "", **self.about, "id": self.plan_task_id, "timeout": timeout}
        where = Where(
            dag_id=instance.dag_id,
            run_id=instance.run_id,
            map_index=instance.map_index if instance.map_index is not None else -1,
            project=(Path(context["dag"].folder) / self.project).absolute(),
        )
        call = call_of(self.action, fields, instance.try_number)
        return Attempt(call, where, lambda line: self.log.info("%s", line), self.function_of(context))

    def _enter(self, limits: Limits, ending: Event) -> Entry:
        """Be let in by all limits; for long waits, come back later.

        A deferred task gives its worker back. Whether it keeps the slots of its pool is for the pool to say
        (``include_deferred``); generated ones have it keep them.
        """
        patience = SHORT
        while isinstance(pause := limits.enter(), float):
            self.log.info("Its turn comes in %.1f s: it claims %s", pause, ", ".join(map(ascii, self.limits)))
            if pause > patience:
                from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger  # noqa: PLC0415 - see the top

                self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=max(pause, SHORT))), method_name="go_on")
            patience -= pause
            if ending.wait(pause):
                msg = "it was ended while it waited for its resources"
                raise AirflowException(msg)
        return pause

    def _leave(self, limits: Limits, entry: Entry, ended: Ended | None) -> None:
        for name in limits.leave(entry, ended.result.outcome if ended is not None else None):
            self.log.warning("The circuit of %a is open now", name)


def _value(ended: Ended) -> object:
    result = ended.result
    if result.outcome == "success":
        return result.value
    if result.outcome == "skipped":
        msg = "it had nothing to do"
        raise AirflowSkipException(msg)
    what = result.error or "it failed"
    if result.outcome == "cancelled":
        what = f"it was ended from outside; {result.error}" if result.error else "it was ended from outside"
    if ended.last_lines:
        what += "; the last it printed:\n" + "\n".join(ended.last_lines)
    raise AirflowTaskTimeout(what) if ended.timed_out else AirflowException(what)
