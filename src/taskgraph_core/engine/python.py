"""Python functions: coroutine functions on the event loop, plain ones in a thread.

The project folder is importable, as with ``python -m``. A coroutine is stopped by cancelling it;
a plain function cannot be stopped from outside, so after a timeout it is left running in its thread,
the attempt counts as ended, and its error says so. Work that must be stoppable is better a command.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import traceback
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph_core.engine.attempt import DONE, Result, describe
from taskgraph_core.engine.capture import printing_to
from taskgraph_core.engine.host import to_the_end

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.workspace import Workspace
    from taskgraph_core.ir import Python

T = TypeVar("T")

STILL_RUNNING = "a function in a thread cannot be stopped, so it may still be running"
STILL_AWAITED = "its coroutine did not stop when it was cancelled, so it may still be running"


async def run_python(workspace: Workspace, call: Call, action: Python) -> Result:
    """Call an entry point; an exception is a failure, and its traceback goes to the log."""
    with printing_to(workspace.log(call)):
        try:
            function = await _function(workspace, action.entry_point)
            if inspect.iscoroutinefunction(function):
                await _on_loop(workspace, function(**action.kwargs))
            else:
                await _in_thread(workspace, partial(function, **action.kwargs))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - that is how a function fails
            traceback.print_exc()
            return Result.failed(describe(error))
    return DONE


def resolve(entry_point: str) -> Callable[..., Any]:
    """The function that ``package.module:function`` names.

    Raises:
        Exception: whatever importing the module raises, or AttributeError or TypeError where it has no such function.
    """
    module_name, _, path = entry_point.partition(":")
    found: Any = importlib.import_module(module_name)
    for name in path.split("."):
        found = getattr(found, name)
    if not callable(found):
        msg = f"{entry_point} is not a function"
        raise TypeError(msg)
    function: Callable[..., Any] = found
    return function


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


async def _function(workspace: Workspace, entry_point: str) -> Callable[..., Any]:
    """Resolve an entry point once; in a thread, because an import can take seconds."""
    known = workspace.functions.get(entry_point)
    if known is None:
        known = workspace.functions[entry_point] = await _in_thread(workspace, partial(resolve, entry_point))
    return known


async def _in_thread(workspace: Workspace, function: Callable[[], T]) -> T:
    try:
        return await workspace.threads.call(function)
    except asyncio.CancelledError:
        raise asyncio.CancelledError(STILL_RUNNING) from None


async def _on_loop(workspace: Workspace, coroutine: Coroutine[Any, Any, object]) -> None:
    """Await a coroutine; one that does not heed its cancellation is left behind after the grace period."""
    task = asyncio.ensure_future(_error_of(coroutine))
    try:
        error = await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        await to_the_end(asyncio.wait([task], timeout=workspace.host.grace))
        if not task.done():
            raise asyncio.CancelledError(STILL_AWAITED) from None
        raise
    if error is not None:
        raise error


async def _error_of(coroutine: Coroutine[Any, Any, object]) -> BaseException | None:
    """What a coroutine raised, as a value: raised in a task, SystemExit would end the event loop."""
    try:
        await coroutine
    except (Exception, SystemExit) as error:  # noqa: BLE001 - that is how a function fails
        return error
    return None
