"""How groups inside groups share the outer limits.

A task of a group holds one slot of it. A group that is opened inside a task, or with ``outer=``, is an inner group:
each of its tasks needs a slot of its own group and one of every group around it. That one is

* the slot of the task that opened the group (its host), while the host waits for the group: it lends its slot;
* else a slot that the outer group leaves free.

So a group and all groups inside it never have more tasks at work than its limit says, where one that waits for its
inner group is not at work. And nothing can be stuck: a host that waits has lent its slot to nobody but its own inner
groups, so whatever the others do, one of their tasks can start, ends or waits in turn, and at the end of that chain
somebody works. Nobody holds a slot while waiting for one further in; hence no circle.

The outer group's own tasks come before inner groups that want more than the slot of their host.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Seat:
    """The slot of a running task that opened groups, and who works in it.

    ``waits`` counts what the task waits for at the moment. One that runs several asyncio tasks of its own counts as
    waiting as long as one of them does.
    """

    def __init__(self) -> None:
        self.waits = 0
        self.user: Slots | None = None
        self.inner: dict[Slots, None] = {}
        self._returned: asyncio.Future[None] | None = None

    @property
    def is_free(self) -> bool:
        """Whether an inner group may have it."""
        return self.waits > 0 and self.user is None

    def lend(self) -> None:
        """The task begins to wait."""
        self.waits += 1
        if self.is_free:
            for slots in self.inner:
                slots.look_again()

    def keep(self) -> None:
        """What the task waited for is there."""
        self.waits -= 1

    async def have_back(self) -> None:
        """Wait until the task has its slot again."""
        while self.user is not None and not self.waits and not self.user.move_out():
            if self._returned is None or self._returned.done():
                self._returned = asyncio.get_running_loop().create_future()
            # Shielded, because two asyncio tasks of one task can wait here, and one of them be cancelled.
            await asyncio.shield(self._returned)

    def vacate(self) -> None:
        """Nobody works in it any more."""
        self.user = None
        if self._returned is not None and not self._returned.done():
            self._returned.set_result(None)
        if self.waits and len(self.inner) > 1:
            for slots in self.inner:
                slots.look_again()


class Slots:
    """The slots of one group: at most ``limit``, each backed by one of the group around it, if there is one.

    Args:
        limit: most tasks at work at once, those of inner groups included.
        outer: the slots of the group around.
        host: of the task that opened the group.
        look_again: has the group see what it can start now.
    """

    def __init__(
        self, limit: int, outer: Slots | None, host: Seat | None, look_again: Callable[[], None] = lambda: None
    ) -> None:
        self.limit = limit
        self.outer = outer
        self.host = host
        self.look_again = look_again
        self.shared = outer is not None
        self.own = 0
        self._for_inner = 0
        self._borrowed = 0
        self._in_seat = False
        self._hungry: dict[Slots, None] = {}
        if outer is not None:
            outer.shared = True
        if host is not None:
            host.inner[self] = None

    @property
    def room(self) -> int:
        """How many more tasks could begin, here or in inner groups."""
        free = self.limit - self.own - self._for_inner
        if free <= 0 or self.outer is None:
            return max(free, 0)
        return min(free, self.outer.room + (self.host is not None and self.host.is_free))

    def take(self) -> None:
        """One more task begins, for which there is room."""
        self.own += 1
        self._back()

    def give(self) -> None:
        """A task ended."""
        self.own -= 1
        self._give_back()

    def leave(self, seat: Seat) -> None:
        """A task ended that had opened groups; should one of them still work in its slot, that keeps it."""
        user, seat.waits = seat.user, 0
        if user is None:
            self.give()
        else:
            self.own -= 1
            self._for_inner += 1
            user.moved_out()

    def want(self) -> None:
        """The group has more to begin than there is room for: it is told once there is more outside."""
        if self.outer is not None and self.own + self._for_inner < self.limit:
            self.outer.remember(self)
            self.outer.want()

    def settle(self) -> None:
        """The group looked at what it can begin: what is left is for others, inside and outside."""
        if self.host is not None and not self.host.waits:
            self.move_out()
        self.offer()
        if self.outer is not None:
            self.outer.offer()

    def offer(self) -> None:
        """Have inner groups that found too little look again, as many as there is room for."""
        if self._hungry:
            for slots in list(self._hungry)[: self.room]:
                del self._hungry[slots]
                slots.look_again()

    def move_out(self) -> bool:
        """Go on in a free slot of the outer group instead of the host's; False if there is none."""
        if self.outer is None or not self._in_seat:
            return True
        if not self.outer.room:
            self.outer.remember(self)
            self.outer.want()
            return False
        self.outer.take_for_inner()
        self.moved_out()
        return True

    def moved_out(self) -> None:
        """What worked in the host's slot has another one of the outer group."""
        if self.host is not None:
            self._in_seat = False
            self._borrowed += 1
            self.host.vacate()

    def close(self) -> None:
        """The group is over."""
        if self.host is not None:
            self.host.inner.pop(self, None)
        if self.outer is not None:
            self.outer.forget(self)
            self.outer.offer()
        self.look_again = self.offer

    def take_for_inner(self) -> None:
        """A task of an inner group begins, for which there is room."""
        self._for_inner += 1
        self._back()

    def give_for_inner(self) -> None:
        """An inner group has no use for a slot any more."""
        self._for_inner -= 1
        self._give_back()
        self.look_again()

    def remember(self, slots: Slots) -> None:
        """An inner group found too little."""
        self._hungry[slots] = None

    def forget(self, slots: Slots) -> None:
        """An inner group wants nothing any more."""
        self._hungry.pop(slots, None)

    def _back(self) -> None:
        """One more slot here takes one outside: that of the host if it is lent, else a free one."""
        if self.host is not None and self.host.is_free:
            self.host.user = self
            self._in_seat = True
        elif self.outer is not None:
            self._borrowed += 1
            self.outer.take_for_inner()

    def _give_back(self) -> None:
        """The host's slot first if the host wants it, else one that others can use as well."""
        if self._in_seat and self.host is not None and (not self.host.waits or not self._borrowed):
            self._in_seat = False
            self.host.vacate()
        elif self.outer is not None:
            self._borrowed -= 1
            self.outer.give_for_inner()
