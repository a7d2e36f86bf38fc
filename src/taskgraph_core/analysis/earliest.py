"""The earliest each task could run: no limit on workers or resources, and nothing fails.

What the critical path and the bounds are about. Trigger rules count: where nothing fails, a task
that runs only after a failure takes no time, and one that starts with the first of its upstream tasks
does not wait for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.analysis.topology import Topology
from taskgraph_core.scheduler import decide

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


@dataclass(frozen=True, slots=True)
class Earliest:
    """Per task, in the graph's order; times in seconds from the start of the run.

    Attributes:
        runs: whether it runs at all.
        seconds: how long it takes; 0 where it does not run.
        waits_for: upstream tasks by number whose end its start waits for; fewer than are
            declared where a rule is satisfied early.
        start, end: when it could start and end.
    """

    topology: Topology
    runs: list[bool]
    seconds: list[float]
    waits_for: list[list[int]]
    start: list[float]
    end: list[float]

    @property
    def work(self) -> float:
        """Seconds one worker would need for everything."""
        return sum(self.seconds)


def earliest(graph: TaskGraph, topology: Topology | None = None) -> Earliest:
    """Follow the tasks in topological order; of an acyclic graph."""
    topology = topology or Topology.of(graph)
    size = len(graph.tasks)
    times = Earliest(topology, [True] * size, [0.0] * size, topology.upstream.copy(), [0.0] * size, [0.0] * size)
    for number in topology.order:
        task = graph.tasks[number]
        others = topology.upstream[number]
        if task.trigger_rule != "all_success" or not all(map(times.runs.__getitem__, others)):
            times.runs[number], times.waits_for[number] = _verdict(task.trigger_rule, others, times)
        if times.runs[number]:
            times.seconds[number] = task.estimate
        times.start[number] = max([times.end[other] for other in times.waits_for[number]], default=0.0)
        times.end[number] = times.start[number] + times.seconds[number]
    return times


def _verdict(rule: str, upstream: list[int], times: Earliest) -> tuple[bool, list[int]]:
    """Whether a task runs, and on whose end that depends."""
    ended = {"success": 0, "skipped": 0}
    verdict = decide(rule, ended, len(upstream))
    if verdict is not None:
        return verdict == "run", []
    for other in sorted(upstream, key=times.end.__getitem__):
        ended["success" if times.runs[other] else "skipped"] += 1
        verdict = decide(rule, ended, len(upstream))
        if verdict is not None and sum(ended.values()) < len(upstream):
            return verdict == "run", [other]
    return verdict == "run", upstream
