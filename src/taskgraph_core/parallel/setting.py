"""What a group is told when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from pathlib import Path

    from taskgraph_core.engine.conductor import Journal
    from taskgraph_core.engine.events import Observer
    from taskgraph_core.ir import Breaker, Policy, Resource
    from taskgraph_core.parallel.cache import Cache
    from taskgraph_core.parallel.group import Group


@dataclass(frozen=True, slots=True)
class Setting:
    """The arguments of ``parallel``, which says what they mean."""

    max_workers: int | None
    name: str
    policy: Policy
    breaker: Breaker | None
    resources: Sequence[Resource]
    observers: Sequence[Observer]
    cache: Cache | MutableMapping[Any, Any] | None
    journal: Journal | None
    state: Path | None
    outer: Group | None
