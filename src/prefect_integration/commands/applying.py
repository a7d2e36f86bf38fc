"""From the limits that are to the limits that should be, one step a limit.

Nothing is ever deleted, and slots that are taken stay taken: what is sent never names them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prefect_integration.commands.written import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prefect_integration.commands.written import LimitIn
    from prefect_integration.generating.limits import Limit
    from prefect_integration.rest import Prefect
    from prefect_integration.rest.limits import LiveLimit


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one limit: create it, or change these of its fields, or nothing."""

    name: str
    limit: Limit
    live: LiveLimit | None = None
    changed: Mapping[str, object] = field(default_factory=dict)

    def words(self, *, done: bool) -> str:
        """The step as a line: what was done, or what would be."""
        if self.live is None:
            return f"{self.name}: {'created' if done else 'would be created'}, {in_words(self.limit)}"
        if not self.changed:
            return f"{self.name}: unchanged"
        changes = ", ".join(
            f"{name} {_word(getattr(self.live, name))} → {_word(value)}" for name, value in self.changed.items()
        )
        return f"{self.name}: {'updated' if done else 'would be updated'}, {changes}{self._overfull()}"

    def _overfull(self) -> str:
        """Prefect takes a size below what tasks hold now, and ends none of them for it."""
        if self.live is None or self.live.active_slots <= self.limit.limit:
            return ""
        return f" (running tasks hold {self.live.active_slots}; until enough of them have ended, more run than that)"


def steps(limits: Iterable[LimitIn], live: Mapping[str, LiveLimit]) -> list[Step]:
    """One step for each limit of the files, in their order."""
    return [Step(each.name, each.limit, there := live.get(each.name), _changes(each.limit, there)) for each in limits]


def carry_out(step: Step, prefect: Prefect) -> None:
    """Do it.

    Raises:
        ServiceError: Prefect does not answer, or refuses.
    """
    limit = step.limit
    if step.live is None:
        body = {"name": step.name, "limit": limit.limit, "slot_decay_per_second": limit.slot_decay_per_second}
        prefect.post("v2", "concurrency_limits", "", body=body)
    elif step.changed:
        prefect.patch("v2", "concurrency_limits", step.name, body=dict(step.changed))


def _changes(limit: Limit, live: LiveLimit | None) -> dict[str, object]:
    if live is None:
        return {}
    changed: dict[str, object] = {}
    if live.limit != limit.limit:
        changed["limit"] = limit.limit
    if not live.active:
        changed["active"] = True
    if not limit.same_decay(live.slot_decay_per_second):
        changed["slot_decay_per_second"] = limit.slot_decay_per_second
    return changed


def _word(value: object) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else format(value, "g")
        if isinstance(value, float)
        else str(value)
    )
