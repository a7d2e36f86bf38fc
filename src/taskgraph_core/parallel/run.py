"""The run behind an open group: the engine's own driver over a conductor that grows."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.attempt import describe
from taskgraph_core.engine.driver import Driver
from taskgraph_core.errors import EngineError
from taskgraph_core.parallel.cache import Store
from taskgraph_core.parallel.conductor import GroupConductor
from taskgraph_core.parallel.entry import CURRENT
from taskgraph_core.parallel.graph import graph_of
from taskgraph_core.parallel.performer import Performer
from taskgraph_core.parallel.progress import Progress
from taskgraph_core.parallel.recovery import Past, recovered
from taskgraph_core.parallel.slots import Seat, Slots
from taskgraph_core.parallel.waiters import Waiters

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Observer
    from taskgraph_core.ir import Task
    from taskgraph_core.parallel.entry import Entry
    from taskgraph_core.parallel.setting import Setting
    from taskgraph_core.record import RunRecord


class GroupRun:
    """One run in one event loop: ``begin`` it, ``submit`` to it, ``finish`` it.

    Args:
        setting: what the group was told.
        limit: most tasks at once.
        outer: the group around.
        bus: hears every event, as ``setting.observers`` do.
    """

    def __init__(self, setting: Setting, limit: int, outer: GroupRun | None, bus: Observer) -> None:
        self.loop = asyncio.get_running_loop()
        self.outer = outer
        self.seats: dict[str, Seat] = {}
        self.progress = Progress(self.stop if setting.policy.on_failure == "stop" else None)
        self.store = Store(setting.cache)
        self.past = Past()
        self.graph = graph_of(setting, self.past)
        self.slots: Slots = Slots(limit, outer.slots if outer is not None else None, self._host(), self._look_again)
        self.record: RunRecord | None = None
        self._setting = setting
        self._bus = bus
        self._over = Waiters()
        self._has_ended = False
        self._broken: BaseException | None = None
        self._asked = False
        self._thread = get_ident()
        self._where = f"group {setting.name!r}"
        self._stack = ExitStack()

    # -- its life ----------------------------------------------------------------------

    async def begin(self) -> None:
        """Let it run; when this returns, tasks can be added.

        Raises:
            EngineError: what lies in the folder of its state cannot be taken up.
            Exception: an observer's.
        """
        with ExitStack() as stack:
            stack.callback(self.slots.close)
            setting, directory = self._setting, None
            journal = setting.journal
            if setting.state is not None:
                recovery = recovered(setting.state, partial(graph_of, setting), self.slots.limit)
                self.past, self.graph, journal, directory = stack.enter_context(recovery)
            self._conductor = GroupConductor(
                self.graph,
                (self.progress, self._bus, *setting.observers),
                run_id=self.past.run_id,
                slots=self.slots,
                seats=self.seats,
            )
            self._conductor.directory, self._conductor.journal = directory, journal
            performer = Performer(self.progress.entries, self.store, recorded=journal is not None)
            stack.callback(performer.close)
            self._driver = Driver(self._conductor, performer)
            self.now = self._driver.clock
            self._task = self.loop.create_task(self._driver.run(self.past.history))
            self._task.add_done_callback(self._ended)
            self._stack = stack.pop_all()
        try:
            while not (self.progress.begun or self._task.done()):
                await self.progress.each.wait(None)
            if self._task.done():  # an observer raised
                await self._task
        except BaseException:
            self.stop("the code that opens it was cancelled")
            await self.finish()
            raise

    def stop(self, reason: str) -> None:
        """Stop what runs and what waits; ``reason`` goes on after "because"."""
        self._driver.cancel(reason)

    async def finish(self) -> BaseException | None:
        """Let nothing more be added, and wait for the end of what is being stopped, whoever is cancelled meanwhile.

        Returns:
            The cancellation of whoever waited, or what the run broke off with, if anything.
        """
        interrupted: BaseException | None = None
        self._driver.order(self._conductor.close)
        while not self._has_ended:
            try:
                await self._over.wait(self._seat())
            except asyncio.CancelledError as error:
                interrupted = error
        self._stack.close()
        return interrupted or self._broken

    def _ended(self, task: asyncio.Task[RunRecord]) -> None:
        self._has_ended = True
        self._broken = asyncio.CancelledError() if task.cancelled() else task.exception()
        if self._broken is None:
            self.record = task.result()
        else:
            self.progress.break_off(f"the group broke off: {describe(self._broken)}", self.now())
        self.slots.close()
        self._over.notify()

    # -- its tasks ---------------------------------------------------------------------

    def submit(self, entry: Entry[Any], task: Task) -> None:
        """One more task, which may start at once.

        Raises:
            EngineError: it is called from another thread, the run takes no more, or has a task of that name.
        """
        if get_ident() != self._thread:
            msg = "it is called from another thread than the one of its event loop"
            raise EngineError(msg, where=self._where, fix="call_soon_threadsafe of the loop can call it there")
        if self._broken is not None:
            msg = f"it broke off: {describe(self._broken)}"
            raise EngineError(msg, where=self._where, fix="leave it: the error is raised there") from self._broken
        if entry.name in self.past.values and entry.name not in self.progress.entries:
            self.progress.restore(entry, self.past.values[entry.name], self.now())
            return
        try:
            self._conductor.add(task, self.now())
        except ValueError as error:
            fix = "add it while the group is open, under a name of its own"
            raise EngineError(str(error), where=self._where, fix=fix) from error
        self.progress.entries[entry.name] = entry
        self._look_again()

    async def until_ended(self, entry: Entry[Any]) -> None:
        """Wait for one task."""
        if entry.state is None:
            entry.waiters = entry.waiters or Waiters()
            await self.until(entry.waiters, lambda: entry.state is not None)

    async def until(self, waiters: Waiters, ready: Callable[[], bool]) -> None:
        """Wait until something is so, looking again at every ``notify``; a task lends its slot meanwhile.

        Raises:
            EngineError: a task would wait for the group it is part of.
            BaseException: what the run broke off with.
        """
        while not ready():
            self._refuse_a_circle()
            await waiters.wait(self._seat())
        if self._broken is not None:
            raise self._broken

    def _look_again(self) -> None:
        """Have the scheduler asked; once, however often this is called meanwhile."""
        if not self._asked:
            self._asked = True
            self._driver.order(self._asked_for)

    def _asked_for(self) -> None:
        self._asked = False

    # -- groups around -----------------------------------------------------------------

    def _host(self) -> Seat | None:
        """The slot of the task of the outer group that opens this one."""
        entry = CURRENT.get()
        if entry is None or entry.run is not self.outer or not entry.running:
            return None
        return entry.run.seats.setdefault(entry.name, Seat())

    def _seat(self) -> Seat | None:
        """The slot that the task waiting now can lend."""
        entry = CURRENT.get()
        if entry is None or entry.run.loop is not self.loop or not entry.running:
            return None
        return entry.run.seats.get(entry.name)

    def _refuse_a_circle(self) -> None:
        entry = CURRENT.get()
        if entry is None or not entry.running:
            return
        run: GroupRun | None = entry.run
        while run is not None:
            if run is self:
                msg = "it waits for the group it is part of, and would wait for itself"
                fix = "await it outside of the group, or open a group inside the task and wait for that"
                raise EngineError(msg, where=f"task {entry.name!r}", fix=fix)
            run = run.outer
