"""The pools of a live Airflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider.rest.client import Airflow

UNLIMITED = -1
"""As many slots as wanted, in Airflow's words."""


@dataclass(frozen=True, slots=True)
class LivePool:
    """One pool as it is now; ``occupied`` slots of it are held by tasks."""

    name: str
    slots: int
    description: str = ""
    include_deferred: bool = False
    occupied: int = 0

    def fits(self, slots: int) -> bool:
        """Whether a task that needs so many slots can ever start."""
        return self.slots == UNLIMITED or slots <= self.slots


def live_pools(airflow: Airflow) -> dict[str, LivePool]:
    """All of them by name.

    Raises:
        ServiceError: Airflow does not answer, or refuses.
    """
    return {
        each["name"]: LivePool(
            each["name"],
            each["slots"],
            each["description"] or "",
            each["include_deferred"],
            each["occupied_slots"],
        )
        for each in airflow.every("pools", order_by="id")
    }
