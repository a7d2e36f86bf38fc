"""Where task runs are carried out: on the flow's task runner, or beside it.

What only waits, or does nothing, is carried out beside it, in threads of the flow's process: so
it takes no worker from what does something. A pool of processes that broke, because a worker of
it died, is replaced by a fresh one; Prefect itself would fail everything from then on.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, nullcontext, suppress
from contextvars import copy_context
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import TaskRunResult
from prefect.states import Crashed
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from uuid import UUID

    from prefect import Task
    from prefect.futures import PrefectFuture
    from prefect.states import State
    from prefect.task_runners import TaskRunner

BESIDE = 10_000
"""Most threads beside the runner; there are never more than tasks that wait at the same time."""


class Places:
    """The flow's task runner and what is beside it.

    Args:
        runner: the flow's, which is started.

    Attributes:
        in_this_process: whether the runner's workers are threads of it.
        distant: whether they may be on other machines.
    """

    def __init__(self, runner: TaskRunner[Any]) -> None:
        self._runner = runner
        self._beside = ThreadPoolTaskRunner[Any](max_workers=BESIDE)
        self._open = ExitStack()
        self._context = copy_context()
        self._lock = Lock()
        self.in_this_process = isinstance(runner, ThreadPoolTaskRunner)
        self.distant = not isinstance(runner, ThreadPoolTaskRunner | ProcessPoolTaskRunner)

    def __enter__(self) -> Self:
        """Start what is beside the runner."""
        self._open.enter_context(self._beside)
        return self

    def __exit__(self, *exception: object) -> None:
        """End it; waits for what still runs there."""
        self._open.close()

    def submit(
        self, what: Task[Any, Any], name: str, order: str, after: Iterable[UUID] = (), *, beside: bool = False
    ) -> PrefectFuture[Any]:
        """Begin a task run, from any thread.

        Args:
            what: the task.
            name: of the run.
            order: what it is told.
            after: task runs that came before. They have ended, and the server draws the edges; passed as futures
                in ``wait_for``, as is usual, most runners would hold back what comes after a failure.
            beside: begin it beside the runner.
        """
        runner = self._beside if beside else self._runner
        parameters = {"name": name, "order": order}
        edges = {"order": {TaskRunResult(id=run) for run in after}}
        # A context cannot be entered twice at the same time.
        return self._context.copy().run(_submit, runner, what, parameters, edges)

    def renew(self, broken: TaskRunner[Any]) -> None:
        """Replace a broken pool, unless somebody has done so."""
        with self._lock:
            if self._runner is broken:
                self._runner = self._context.copy().run(lambda: self._open.enter_context(broken.duplicate()))

    @property
    def runner(self) -> TaskRunner[Any]:
        """The runner that is in use now."""
        return self._runner


def final_state(future: PrefectFuture[Any]) -> tuple[State, bool]:
    """The state a task run ended in, and whether that is because its worker died.

    What a task run could not take, such as an interruption, is a crash.
    """
    try:
        future.wait()
        state = future.state
    except BrokenExecutor:
        return _crashed(future), True
    except BaseException as error:  # noqa: BLE001 - a worker's thread, which must live on and report
        return Crashed(message=type(error).__name__), False
    return (state, False) if state.is_final() else (_crashed(future), True)


def _crashed(future: PrefectFuture[Any]) -> State:
    """Have the server know as well; the worker could not tell it, and it would show it as running for ever."""
    state: State = Crashed(message="its worker died")
    with suppress(Exception), get_client(sync_client=True) as client:
        client.set_task_run_state(future.task_run_id, state, force=True)
    return state


def _submit(
    runner: TaskRunner[Any], what: Task[Any, Any], parameters: dict[str, Any], edges: dict[str, set[Any]]
) -> PrefectFuture[Any]:
    with _once(runner):
        return runner.submit(what, parameters, dependencies=edges)


def _once(runner: TaskRunner[Any]) -> AbstractContextManager[Any]:
    """Ray carries out again what a worker died over, unless it is told not to."""
    if runner.name != "ray":
        return nullcontext()
    once: AbstractContextManager[Any] = import_module("prefect_ray.context").remote_options(max_retries=0)
    return once
