"""The limits of a live Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.errors import ServiceError

if TYPE_CHECKING:
    from prefect_integration.rest.client import Prefect

_TAG = "tag:"


@dataclass(frozen=True, slots=True)
class LiveLimit:
    """One limit as Prefect has it.

    Attributes:
        name: its name; that of a tag's begins with ``tag:``.
        limit: slots.
        active: whether it counts.
        slot_decay_per_second: slots that come back by themselves.
        active_slots: slots taken now.
    """

    name: str
    limit: int
    active: bool
    slot_decay_per_second: float
    active_slots: int


def live_limits(prefect: Prefect) -> dict[str, LiveLimit]:
    """All of them by name.

    Raises:
        ServiceError: Prefect does not answer, or refuses.
    """
    return {
        each["name"]: LiveLimit(
            each["name"], each["limit"], each["active"], each["slot_decay_per_second"] or 0.0, each["active_slots"]
        )
        for each in prefect.every("v2", "concurrency_limits")
    }


def leaked_slots(prefect: Prefect, name: str) -> int:
    """Slots of a tag's limit that are taken although nobody holds a lease; 0 where the server does not tell.

    Raises:
        ServiceError: Prefect does not answer, or refuses.
    """
    if not name.startswith(_TAG):
        return 0
    try:
        taken = prefect.get("v2", "concurrency_limits", name)["active_slots"]
        holders = prefect.get("concurrency_limits", "tag", name.removeprefix(_TAG))["active_slots"]
        # Again: what was given back in between is not lost.
        still: int = prefect.get("v2", "concurrency_limits", name)["active_slots"]
    except ServiceError as error:
        if error.status != 404:
            raise
        return 0
    return 0 if holders else min(taken, still)
