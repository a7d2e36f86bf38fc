"""Python functions: coroutine functions on the event loop, plain ones in a thread, some in processes of their own.

The project folder is importable, as with ``python -m``. A coroutine is stopped by cancelling it;
a plain function cannot be stopped from outside, so after a timeout it is left running in its thread,
the attempt counts as ended, and its error says so. Work that must be stoppable asks for a ``process``.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.capture import Log
from taskgraph_core.engine.actions.entry_point import find, refuse_coroutine
from taskgraph_core.engine.actions.isolated import run_isolated
from taskgraph_core.engine.actions.returned import kept, note
from taskgraph_core.engine.attempt import DONE, Result, describe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from taskgraph_core.engine.actions.entry_point import Function
    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.processes.host import Host
    from taskgraph_core.ir import Python

__all__ = ["called", "find", "importable", "run_python"]

STILL_RUNNING = "a function in a thread cannot be stopped, so it may still be running"
STILL_AWAITED = "its coroutine did not stop when it was cancelled, so it may still be running"

HASTE = 0.1
"""Seconds that a coroutine gets to end where no time is given to anybody: less than a turn of the loop is none."""


def run_python(workspace: Workspace, call: Call, action: Python) -> Awaitable[Result]:
    """Call an entry point; an exception is a failure, and its traceback goes to the log."""
    if action.process:
        return run_isolated(workspace, call, action)
    function = workspace.functions.get(action.entry_point)
    if function is None:
        return _run_at_first(workspace, call, action)
    log = Log(partial(workspace.log, call))
    work = partial(function.call, **action.kwargs)
    if function.is_coroutine:
        return _OnLoop(workspace.host, log, work)
    return workspace.threads.call(partial(called, work, log), abandoned=STILL_RUNNING)


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Put a folder first among those modules are imported from."""
    place = str(folder)
    sys.path.insert(0, place)
    try:
        yield
    finally:
        with suppress(ValueError):  # a module may have removed it
            sys.path.remove(place)


def called(function: Callable[[], object], log: Log) -> Result:
    """Call a plain function in this thread; whatever it raises is its failure."""
    log.enter()
    try:
        value = function()
        refuse_coroutine(value)
        return _success(value, log)
    except BaseException as error:  # noqa: BLE001 - in a thread of its own, nothing is meant for anybody else
        return _failure(error, log)
    finally:
        log.close()


async def _run_at_first(workspace: Workspace, call: Call, action: Python) -> Result:
    """Find an entry point in a thread, because an import can take seconds; once for all who need it at the moment."""
    log = Log(partial(workspace.log, call))
    name = action.entry_point
    search = workspace.searches.get(name)
    if search is None:
        search = workspace.searches[name] = workspace.threads.call(partial(_find_for, log, name))
        search.add_done_callback(lambda _: workspace.searches.pop(name))
    try:
        workspace.functions[name] = await asyncio.shield(search)
    except asyncio.CancelledError:
        raise asyncio.CancelledError(STILL_RUNNING) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - modules can raise anything
        return _failure(error, log)
    finally:
        log.close()
    return await run_python(workspace, call, action)


def _find_for(log: Log, entry_point: str) -> Function:
    log.enter()
    return find(entry_point)


class _OnLoop(asyncio.Future[Result]):
    """A coroutine function being awaited; one that does not heed its cancellation is left behind after a while."""

    __slots__ = ("_host", "_patience", "_task")

    def __init__(self, host: Host, log: Log, function: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._host = host
        self._patience: asyncio.TimerHandle | None = None
        self._task = self.get_loop().create_task(self._run(log, function))

    def cancel(self, msg: object = None) -> bool:
        """Stop the coroutine; this is cancelled when that has ended, or when patience has."""
        if self.done():
            return False
        hurry = self._host.hurry.is_set()
        if self._patience is None:
            self._task.add_done_callback(self._stopped)
        elif not hurry:  # being stopped already: what it does to clean up is not to be disturbed
            return True
        else:
            self._patience.cancel()
        self._patience = self.get_loop().call_later(HASTE if hurry else self._host.grace, self._abandon)
        return self._task.cancel(msg)

    async def _run(self, log: Log, function: Callable[[], Awaitable[object]]) -> None:
        log.enter()
        try:
            result = _success(await function(), log)
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001 - that is how a function fails
            result = _failure(error, log) if self._patience is None else DONE
        finally:
            log.close()
        if self._patience is None:
            self.set_result(result)

    def _stopped(self, _task: asyncio.Task[None]) -> None:
        if self._patience is not None:
            self._patience.cancel()
        super().cancel()

    def _abandon(self) -> None:
        super().cancel(STILL_AWAITED)


def _success(value: object, log: Log) -> Result:
    if value is None:
        return DONE
    try:
        return Result("success", value=kept(value))
    except ValueError as error:
        with suppress(OSError):  # it did succeed, with or without this note
            log.write(note(error))
        return DONE


def _failure(error: BaseException, log: Log) -> Result:
    with suppress(OSError):
        traceback.print_exception(error, file=log)
    return Result.failed(describe(error))
