"""How full the limits of a live system were at most, by when its tasks ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Hold(NamedTuple):
    """Slots of one limit that were held from ``start`` until ``end``."""

    limit: str
    slots: int
    start: datetime
    end: datetime


def peak(holds: Iterable[Hold]) -> dict[str, int]:
    """The most slots of each limit that were held at one moment.

    A sweep over starts and ends; where one ends as another starts, they do not meet.
    """
    changes = []
    for hold in holds:
        if hold.start < hold.end:
            changes += [(hold.start, hold.slots, hold.limit), (hold.end, -hold.slots, hold.limit)]
    held: dict[str, int] = {}
    most: dict[str, int] = {}
    for _, change, limit in sorted(changes):
        held[limit] = held.get(limit, 0) + change
        most[limit] = max(most.get(limit, 0), held[limit])
    return most
