"""Plain async code in parallel: the engine's limits, retries, breakers, journal and displays for any functions.

    async with parallel(max_workers=5, name="docs") as group:
        for url in urls:
            group.add(fetch, url, retry=Retry(attempts=3))
        results = await group.gather()

group     the way in: add, gather, stream, events
run       the engine's driver behind it; conductor, slots: limits that groups inside groups share
progress  what has become of every task; performer: how one is carried out
recovery  what an earlier life of the group has done already
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Breaker, Claim, Policy, Rate, Resource, Retry
from taskgraph_core.parallel.cache import MISSING, Cache
from taskgraph_core.parallel.graph import NAMELESS
from taskgraph_core.parallel.group import Group
from taskgraph_core.parallel.handle import Handle
from taskgraph_core.parallel.listeners import Listener
from taskgraph_core.parallel.outcome import TaskCancelledError, TaskResult
from taskgraph_core.parallel.setting import Setting

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from pathlib import Path

    from taskgraph_core.display.printer import ParallelEventPrinter
    from taskgraph_core.engine.conductor import Journal
    from taskgraph_core.engine.events import Observer

__all__ = [
    "MISSING",
    "Breaker",
    "Cache",
    "Claim",
    "Group",
    "Handle",
    "Listener",
    "ParallelEventPrinter",
    "Rate",
    "Resource",
    "Retry",
    "TaskCancelledError",
    "TaskResult",
    "parallel",
]


def parallel(  # noqa: PLR0913 - keywords, each a decision of whoever wants a group
    max_workers: int | None = None,
    *,
    name: str = "",
    on_error: Literal["continue", "stop"] = "continue",
    failure_threshold: int | None = None,
    failure_rate: float | None = None,
    timeout: float | None = None,
    breaker: Breaker | None = None,
    resources: Sequence[Resource] = (),
    observers: Sequence[Observer] = (),
    cache: Cache | MutableMapping[Any, Any] | None = None,
    journal: Journal | None = None,
    state: Path | None = None,
    outer: Group | None = None,
) -> Group:
    """A group of tasks, to be opened with ``async with``.

    Args:
        max_workers: most tasks at once; None for as many as the group around it allows, or
            ``asyncio.to_thread`` has threads.
        name: what it is called in events, displays and errors.
        on_error: ``continue`` carries out everything else when a task fails, ``stop`` cancels it at once.
        failure_threshold: with ``continue``, start nothing new after this many failures.
        failure_rate: with ``continue``, start nothing new once more than this share of the tasks that ran failed;
            not before ten of them ended.
        timeout: seconds for the whole group, after which all that is not done is cancelled.
        breaker: keeps every task from starting for a while after failures in a row.
        resources: named things that tasks claim: slots, rates of starts, breakers.
        observers: called at every event, before the group goes on; what one raises ends the group.
        cache: where values are looked up and kept, for tasks that have a ``key``.
        journal: where events are written before anybody hears of them.
        state: a folder for the group's own journal. A group opened with it again, by this program or the next, does
            not do again what was recorded as success; tasks are recognised by their names.
        outer: the group whose limit it shares; inside a task it is always the group of that task.

    Raises:
        EngineError: these do not go together.
        ValueError: a number is out of its range.
    """
    if max_workers is not None and max_workers < 1:
        msg = f"at most {max_workers} tasks at a time is none at all"
        raise EngineError(msg, fix="allow at least 1")
    if journal is not None and state is not None:
        msg = "a group has one journal, and 'state' makes one"
        raise EngineError(msg, fix="give either journal= or state=")
    policy = Policy(
        max_parallel=max_workers,
        on_failure=on_error,
        failure_threshold=failure_threshold,
        failure_rate=failure_rate,
        timeout=timeout,
    )
    return Group(
        Setting(max_workers, name or NAMELESS, policy, breaker, resources, observers, cache, journal, state, outer)
    )


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module has
    """``ParallelEventPrinter``, imported when it is asked for: displays take longer to import than all this."""
    if name != "ParallelEventPrinter":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from taskgraph_core.display.printer import ParallelEventPrinter  # noqa: PLC0415 - see above

    return ParallelEventPrinter
