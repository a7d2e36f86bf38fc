"""A group of tasks: added while it is open, carried out by the engine, their results in any order wanted."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from taskgraph_core.errors import EngineError
from taskgraph_core.ir import ONCE, Claim, Task
from taskgraph_core.parallel.cache import MISSING
from taskgraph_core.parallel.entry import CURRENT, Entry
from taskgraph_core.parallel.graph import claims_of, default_workers
from taskgraph_core.parallel.handle import Handle
from taskgraph_core.parallel.listeners import MOST_KEPT, Bus
from taskgraph_core.parallel.outcome import raise_all
from taskgraph_core.parallel.run import GroupRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
    from types import TracebackType

    from taskgraph_core.ir import Priority, Retry
    from taskgraph_core.parallel.listeners import Listener
    from taskgraph_core.parallel.outcome import TaskResult
    from taskgraph_core.parallel.setting import Setting
    from taskgraph_core.record import RunRecord

T = TypeVar("T")


class Group:
    """Made by ``parallel``, which says what can be set; open it with ``async with``.

    Leaving the body waits for every task. If the body raises, what runs and what waits is stopped first.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._bus = Bus()
        self._run: GroupRun | None = None
        self._entries: list[Entry[Any]] = []

    # -- opening and leaving -----------------------------------------------------------

    async def __aenter__(self) -> Self:
        if self._run is not None:
            msg = "it was opened before"
            raise EngineError(msg, where=self._where, fix="make a new one with parallel(...)")
        outer = self._surroundings()
        limit = self._setting.max_workers or (default_workers() if outer is None else outer.slots.limit)
        self._run = GroupRun(self._setting, limit, outer, self._bus)
        await self._run.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        run = self.opened()
        failure = error
        if failure is None:
            try:
                await run.until(run.progress.all, lambda: run.progress.is_idle)
            except BaseException as raised:  # noqa: BLE001 - it is raised again once everything has ended
                failure = raised
        if failure is not None:
            run.stop(f"the code that opened the group raised {type(failure).__name__}")
        trouble = await run.finish()
        failure = failure or trouble
        if failure is not None and failure is not error:
            raise failure

    def opened(self) -> GroupRun:
        """The run behind it.

        Raises:
            EngineError: it was not opened.
        """
        if self._run is None:
            msg = "it is not open"
            raise EngineError(msg, where=self._where, fix="use it inside 'async with parallel(...) as group:'")
        return self._run

    # -- adding ------------------------------------------------------------------------

    @overload
    def add(
        self,
        what: Callable[..., Awaitable[T]],
        /,
        *args: Any,  # noqa: ANN401 - options stand between these and the next, which no ParamSpec can have
        name: str | None = None,
        retry: Retry | None = None,
        timeout: float | None = None,
        claims: str | Claim | Iterable[str | Claim] = (),
        key: Hashable = None,
        priority: Priority = "medium",
        **kwargs: Any,  # noqa: ANN401 - see above
    ) -> Handle[T]: ...

    @overload
    def add(
        self,
        what: Callable[..., T],
        /,
        *args: Any,  # noqa: ANN401 - see above
        name: str | None = None,
        retry: Retry | None = None,
        timeout: float | None = None,
        claims: str | Claim | Iterable[str | Claim] = (),
        key: Hashable = None,
        priority: Priority = "medium",
        **kwargs: Any,  # noqa: ANN401 - see above
    ) -> Handle[T]: ...

    @overload
    def add(
        self,
        what: Awaitable[T],
        /,
        *,
        name: str | None = None,
        timeout: float | None = None,
        claims: str | Claim | Iterable[str | Claim] = (),
        key: Hashable = None,
        priority: Priority = "medium",
    ) -> Handle[T]: ...

    def add(  # noqa: D417 - what is not described here goes to the function
        self,
        what: Any,
        /,
        *args: Any,
        name: str | None = None,
        retry: Retry | None = None,
        timeout: float | None = None,
        claims: str | Claim | Iterable[str | Claim] = (),
        key: Hashable = None,
        priority: Priority = "medium",
        **kwargs: Any,
    ) -> Handle[Any]:
        """Add a task, which begins as soon as the limits allow.

        Args:
            what: a coroutine function, a plain function (called in a thread), or something to await.
            name: unlike any other in the group; made of the function's name if there is none.
            retry: how often it is tried, with which pauses; only for functions.
            timeout: seconds for each attempt.
            claims: resources it needs while it runs: names, for one slot each, or ``Claim`` objects.
            key: of its value in the group's cache; None to compute it in any case.
            priority: among tasks that wait; those of equal priority begin in the order of adding.

        An argument of the function that has one of these names can be bound with ``functools.partial``.

        Raises:
            EngineError: the task cannot be added; nothing has changed then.
        """
        run = self.opened()
        entry: Entry[Any] = Entry(run, name or self._name_for(what), len(self._entries), what, args, kwargs, key)
        try:
            if not callable(what):
                self._check_awaitable(entry, retry)
            if name is None and self._setting.state is not None:
                msg = "a task without a name cannot be recognised when the group is taken up again"
                raise EngineError(msg, where=self._where, fix="give it a name=")  # noqa: TRY301 - one way out for all
            if key is not None and (found := run.store.known(key)) is not MISSING:
                entry.value, entry.cached, claims = found, True, ()
            run.submit(entry, self._task(run, entry.name, retry, timeout, claims, priority))
        except BaseException:
            entry.let_go()
            raise
        self._entries.append(entry)
        return Handle(entry)

    # -- results -----------------------------------------------------------------------

    @property
    def results(self) -> list[TaskResult[Any]]:
        """Results of the tasks that have ended, in the order of adding."""
        return [entry.result() for entry in self._entries if entry.state is not None]

    @property
    def record(self) -> RunRecord | None:
        """The record of the run, as of any run of the engine; None before its end, or if it broke off."""
        return None if self._run is None else self._run.record

    async def gather(self, *, raise_errors: bool = False) -> list[TaskResult[Any]]:
        """Wait for every task: results in the order of adding.

        Args:
            raise_errors: raise if a task did not succeed; else its result says so.

        Raises:
            ExceptionGroup: what tasks raised, each with a note that names its task.
            EngineError: a task waits for its own group.
        """
        run = self.opened()
        await run.until(run.progress.all, lambda: run.progress.is_idle)
        results = self.results
        if raise_errors:
            raise_all(results)
        return results

    async def gather_dict(self, *, raise_errors: bool = False) -> dict[str, TaskResult[Any]]:
        """As ``gather``, by name."""
        return {result.name: result for result in await self.gather(raise_errors=raise_errors)}

    async def stream(self) -> AsyncIterator[TaskResult[Any]]:
        """Every result in the order in which tasks end, those that ended before first, until all have ended.

        Tasks added meanwhile are among them. Each iteration starts from the first.
        """
        progress = self.opened().progress
        given = 0
        while given < len(progress.ended) or not progress.is_idle:
            if given == len(progress.ended):
                seen = given
                await self.opened().until(progress.each, lambda: len(progress.ended) > seen)  # noqa: B023 - awaited here
            yield progress.ended[given].result()
            given += 1

    def events(self, most: int = MOST_KEPT) -> Listener:
        """What happens, as in any run of the engine, from ``RunStarted`` to ``RunEnded`` or ``RunAborted``.

        The group never waits for who listens: ``Listener`` says what becomes of one that is slow. Who listens
        before the group is opened hears everything, others hear the beginning and go on from the present.
        """
        return self._bus.listen(most)

    # -- inside ------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"group {self._setting.name!r}"

    def _surroundings(self) -> GroupRun | None:
        """The group around: that of the present task, or the one it was told.

        Raises:
            EngineError: it was told another than that of the present task, or one that is of no use here.
        """
        told = None if self._setting.outer is None else self._setting.outer.opened()
        entry = CURRENT.get()
        loop = asyncio.get_running_loop()
        if told is not None and told.loop is not loop:
            msg = "its outer group belongs to another event loop"
            raise EngineError(msg, where=self._where, fix="open both in one event loop")
        if entry is None or entry.run.loop is not loop:
            return told
        if told is not None and told is not entry.run:
            msg = f"it is opened by the task {entry.name!r}, which is part of another group than outer="
            raise EngineError(msg, where=self._where, fix="leave outer= away: the group of that task is the outer one")
        return entry.run

    def _task(
        self,
        run: GroupRun,
        name: str,
        retry: Retry | None,
        timeout: float | None,
        claims: str | Claim | Iterable[str | Claim],
        priority: Priority,
    ) -> Task:
        if self._setting.breaker is None and not claims and retry is None and timeout is None and priority == "medium":
            return Task(id=name)  # as most are
        found = claims_of(claims, run.graph) if claims else ()
        if self._setting.breaker is not None:
            found = (*found, Claim(resource=self._setting.name))
        return Task(id=name, retry=retry or ONCE, timeout=timeout, claims=found, priority=priority)

    def _name_for(self, what: object) -> str:
        name = f"{getattr(what, '__name__', None) or type(what).__name__}-{len(self._entries)}"
        while name in self.opened().progress.entries:
            name += "+"
        return name

    def _check_awaitable(self, entry: Entry[Any], retry: Retry | None) -> None:
        if not inspect.isawaitable(entry.what):
            msg = f"it can neither be called nor awaited: {type(entry.what).__name__}"
            fix = "add a function with its arguments, or a coroutine"
        elif retry is not None and retry.attempts > 1:
            msg, fix = "a coroutine can be awaited only once, so it cannot be tried again", "add the function itself"
        elif entry.args or entry.kwargs:
            msg, fix = "a coroutine takes no arguments", "add the function itself, with its arguments"
        else:
            return
        raise EngineError(msg, where=f"task {entry.name!r}", fix=fix)
