"""A run that grows, and that shares the slots of the group around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.conductor import Conductor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.engine.attempt import Result
    from taskgraph_core.engine.events import Observer
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.parallel.slots import Seat, Slots
    from taskgraph_core.scheduler import Step

SYSTEM = "parallel"
"""What the record of a group names as its system."""


class GroupConductor(Conductor):
    """The engine's own conductor, told before each decision how many tasks may be at work.

    Args:
        graph: what is there from the start; tasks are added later.
        observers: whom to tell.
        run_id: the run's name.
        slots: most tasks at once, and what is left of that in groups around.
        seats: by task, those of running ones that opened groups.
    """

    def __init__(
        self, graph: TaskGraph, observers: Sequence[Observer], *, run_id: str, slots: Slots, seats: dict[str, Seat]
    ) -> None:
        super().__init__(graph, observers, run_id=run_id, system=SYSTEM, max_parallel=slots.limit, growing=True)
        self._slots = slots
        self._seats = seats
        self._open = 0
        self._some_ended = False

    def add(self, task: Task, now: float) -> None:
        """One more task, as in any run that grows."""
        super().add(task, now)
        self._open += 1

    def poll(self, now: float) -> Step:
        """As in any run; with groups around or inside, within what they leave."""
        if self._slots.shared:
            step = self._poll_shared(now)
        else:
            step = super().poll(now)
            self._slots.own += len(step.start)
        self._open -= len(step.final)
        return step

    def ended(self, task_id: str, result: Result, now: float) -> None:
        """As in any run; its slot is free again."""
        super().ended(task_id, result, now)
        self._some_ended = True
        seat = self._seats.pop(task_id, None)
        if seat is None:
            self._slots.give()
        else:
            self._slots.leave(seat)

    def _poll_shared(self, now: float) -> Step:
        slots = self._slots
        told = None
        if self._some_ended and slots.host is not None and slots.host.waits:
            # The host hears first what ended: it may want its slot back before another task begins in it.
            self._scheduler.allow(0)
            told = super().poll(now)
        self._some_ended = False
        room = slots.room
        self._scheduler.allow(slots.own + room)
        step = super().poll(now)
        for _ in step.start:
            slots.take()
        if told is not None:
            step.final[:0] = told.final
            step.stop[:0] = told.stop
        if len(step.start) == room and slots.own < self._open - len(step.final):
            slots.want()
        slots.settle()
        return step
