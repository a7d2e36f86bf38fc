"""How an attempt at a task of a group is made: coroutine functions and awaitables on the loop, functions in threads."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.actions.python import STILL_RUNNING
from taskgraph_core.engine.actions.returned import kept
from taskgraph_core.engine.actions.threads import Threads
from taskgraph_core.engine.attempt import DONE, Result, describe
from taskgraph_core.parallel.cache import MISSING
from taskgraph_core.parallel.entry import CURRENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.parallel.cache import Store
    from taskgraph_core.parallel.entry import Entry


def is_coroutine_function(function: object) -> bool:
    """Whether a call gives a coroutine, also for objects whose ``__call__`` does."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - it is asked what kind it is


class Performer:
    """An ``attempt.Perform`` for entries; close it.

    Args:
        entries: by name.
        store: what is known already, and where values are kept.
        recorded: whether values go to a journal.
    """

    def __init__(self, entries: Mapping[str, Entry[Any]], store: Store, *, recorded: bool) -> None:
        self._entries = entries
        self._store = store
        self._recorded = recorded
        self._loop = asyncio.get_running_loop()
        self._threads: Threads | None = None

    def __call__(self, call: Call) -> Awaitable[Result]:
        """Begin an attempt, in the context in which its task was added."""
        entry = self._entries[call.task.id]
        entry.error = None
        entry.running = True
        if entry.cached:
            return self._success(entry)
        return self._loop.create_task(self._attempt(entry), context=entry.context.copy())

    def close(self) -> None:
        """Let idle threads end."""
        if self._threads is not None:
            self._threads.close()

    async def _attempt(self, entry: Entry[Any]) -> Result:
        CURRENT.set(entry)
        try:
            if entry.key is not None and (found := await self._store.find(entry.key)) is not MISSING:
                entry.cached = True
                entry.value = found
                return self._success(entry)
            what = entry.what
            if not callable(what):
                value = await what
            elif is_coroutine_function(what):
                value = await what(*entry.args, **entry.kwargs)
            else:
                value = await self._in_thread(partial(what, *entry.args, **entry.kwargs))
            if entry.key is not None:
                await self._store.keep(entry.key, value)
        except (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - that is how a function fails, whatever it raises
            entry.error = error
            return Result.failed(describe(error))
        entry.value = value
        return self._success(entry)

    def _success(self, entry: Entry[Any]) -> Result:
        return Result("success", value=recordable(entry.value)) if self._recorded else DONE

    async def _in_thread(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the function returns
        if self._threads is None:
            self._threads = Threads()
        value = await self._threads.call(function, abandoned=STILL_RUNNING)
        return await value if inspect.isawaitable(value) else value


def recordable(value: object) -> object:
    """A value as a journal keeps it, apart from one that is None; None if what comes back would be another."""
    try:
        same = kept(value)
    except ValueError:
        return None
    return {"value": same} if type(same) is type(value) and same == value else None
