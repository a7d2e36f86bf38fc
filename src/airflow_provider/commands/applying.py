"""From the pools that are to the pools that should be, one step a pool; nothing is ever deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider.rest.pools import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_provider.commands.written import PoolIn, WrittenPool
    from airflow_provider.rest import Airflow
    from airflow_provider.rest.pools import LivePool


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one pool: create it, or change these of its fields, or nothing."""

    name: str
    pool: WrittenPool
    live: LivePool | None = None
    changed: Mapping[str, object] = field(default_factory=dict)

    def words(self, *, done: bool) -> str:
        """The step as a line: what was done, or what would be."""
        if self.live is None:
            return f"{self.name}: {'created' if done else 'would be created'}, {_slots(self.pool.slots)}"
        if not self.changed:
            return f"{self.name}: unchanged"
        changes = ", ".join(
            "description" if name == "description" else f"{name} {_word(getattr(self.live, name))} → {_word(value)}"
            for name, value in self.changed.items()
        )
        return f"{self.name}: {'updated' if done else 'would be updated'}, {changes}{self._overfull()}"

    def _overfull(self) -> str:
        """Airflow takes a size below what tasks hold now, and ends none of them for it."""
        if self.live is None or not 0 <= self.pool.slots < self.live.occupied:
            return ""
        return f" (running tasks hold {self.live.occupied}; until enough of them have ended, more run than that)"


def steps(pools: Iterable[PoolIn], live: Mapping[str, LivePool]) -> list[Step]:
    """One step for each pool of the files, in their order."""
    found = []
    for each in pools:
        there = live.get(each.name)
        changed = {
            name: wanted
            for name, wanted in each.pool.model_dump().items()
            if there is not None and getattr(there, name) != wanted
        }
        found.append(Step(each.name, each.pool, there, changed))
    return found


def carry_out(step: Step, airflow: Airflow) -> None:
    """Do it.

    Raises:
        ServiceError: Airflow does not answer, or refuses.
    """
    if step.live is None:
        airflow.post("pools", body={"name": step.name, **step.pool.model_dump()})
    elif step.changed:
        # Airflow asks for the whole pool, and changes of it what the mask names.
        body = {"pool": step.name, **step.pool.model_dump()}
        airflow.patch("pools", step.name, body=body, update_mask=list(step.changed))


def _slots(number: int) -> str:
    return f"{_word(number)} slot{'' if number == 1 else 's'}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "unlimited" if value == UNLIMITED else str(value)
