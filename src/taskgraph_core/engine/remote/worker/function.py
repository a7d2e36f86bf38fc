"""Python functions in a worker's own process."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.actions.capture import captured_streams
from taskgraph_core.engine.actions.entry_point import find, refuse_coroutine
from taskgraph_core.engine.actions.returned import kept, note
from taskgraph_core.engine.attempt import DONE, Result, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from taskgraph_core.engine.actions.capture import Log

LOOK_EVERY = 0.2
"""Seconds between two looks at whether a coroutine is to go on."""

_lock = threading.Lock()
_switched: list[object] = []


def call_here(function: dict[str, Any], project: str, log: Log, goes_on: Callable[[], bool]) -> Result:
    """Call an entry point in this thread; what it prints goes to the log, and the project folder is importable.

    A coroutine is cancelled when it is not to go on; a plain function cannot be.
    """
    _switch_streams()
    return copy_context().run(_call, function, project, log, goes_on)  # the log is that of this call alone


def _call(function: dict[str, Any], project: str, log: Log, goes_on: Callable[[], bool]) -> Result:
    sys.path.insert(0, project)
    log.enter()
    try:
        found = find(function["entry_point"])
        value = found.call(**function["kwargs"])
        if found.is_coroutine:
            value = asyncio.run(_watched(value, goes_on))
        refuse_coroutine(value)
        return _success(value, log)
    except BaseException as error:  # noqa: BLE001 - whatever it is, that is how the function failed
        traceback.print_exception(error, file=log)
        return Result.failed(describe(error))
    finally:
        log.close()
        if project in sys.path:  # a module may have removed it
            sys.path.remove(project)


def _success(value: object, log: Log) -> Result:
    try:
        return Result("success", value=kept(value))
    except ValueError as error:
        log.write(note(error))
        return DONE


async def _watched(work: Coroutine[Any, Any, object], goes_on: Callable[[], bool]) -> object:
    task = asyncio.ensure_future(work)
    while not (await asyncio.wait([task], timeout=LOOK_EVERY))[0]:
        if not goes_on():
            task.cancel()
    return task.result()


def _switch_streams() -> None:
    """Once and for all in this process, as jobs begin and end in any order. Whatever else runs prints as before."""
    with _lock:
        if not _switched:
            switch = captured_streams()
            switch.__enter__()
            _switched.append(switch)  # were it forgotten, it would be undone
