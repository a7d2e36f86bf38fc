"""The critical path: the chain of tasks that makes the run as long as it is, and everybody's slack.

J. E. Kelley and M. R. Walker, "Critical-path planning and scheduling", 1959.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.earliest import Earliest, earliest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.ir import TaskGraph


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The longest chain by estimates, in a run in which nothing fails.

    Attributes:
        tasks: ids along it, first to last.
        seconds: its length; no run is shorter.
        slack: for every task that runs, seconds it may take longer or start later before a run without
            limits takes longer.
    """

    tasks: tuple[str, ...]
    seconds: float
    slack: dict[str, float]


def critical_path(graph: TaskGraph, times: Earliest | None = None) -> CriticalPath:
    """Find the longest chain of an acyclic graph; of several, the one that ends last in topological order."""
    times = times or earliest(graph)
    seconds = max(times.end, default=0.0)
    return CriticalPath(tuple(graph.tasks[number].id for number in _chain(times)), seconds, _slack(times, seconds))


def _chain(times: Earliest) -> list[int]:
    """Back from the last end through whatever made each task start when it did."""
    place = {number: position for position, number in enumerate(times.topology.order)}
    candidates: Sequence[int] = range(len(times.end))
    chain: list[int] = []
    while candidates:
        last = max(candidates, key=lambda number: (times.end[number], place[number]))
        chain.append(last)
        candidates = times.waits_for[last]
    return [number for number in reversed(chain) if times.runs[number]]


def _slack(times: Earliest, seconds: float) -> dict[str, float]:
    latest_end = [seconds] * len(times.end)
    for number in reversed(times.topology.order):
        latest_start = latest_end[number] - times.seconds[number]
        for other in times.waits_for[number]:
            latest_end[other] = min(latest_end[other], latest_start)
    ids = times.topology.ids
    # Rounded to nanoseconds: sums of floats in two orders differ in the last digits.
    return {ids[n]: round(latest_end[n] - times.end[n], 9) + 0.0 for n, runs in enumerate(times.runs) if runs}
