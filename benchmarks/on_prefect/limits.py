"""Plans whose tasks take turns: how long that takes beside the ideal, and how full each resource was at most."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from prefect import settings

from on_prefect import drivers, graphs, writers
from prefect_integration.commands.applying import carry_out, steps
from prefect_integration.commands.written import read_limits
from prefect_integration.generating.limits import READERS
from prefect_integration.local.occupancy import span
from prefect_integration.local.settings import SERVER
from prefect_integration.rest.limits import live_limits
from taskgraph_core.scheduling import slots_claimed
from taskgraph_core.servers.occupancy import Hold, peak

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prefect_integration.local import LocalPrefect
    from taskgraph_core.ir import TaskGraph

DEFAULTS = {name: str(getattr(settings, name).default()) for name in SERVER}
"""What a server goes by that was told nothing."""


@dataclass(slots=True)
class Result:
    """What runs of one plan gave.

    Attributes:
        spans: seconds from the first task's start to the last one's end, of each round of runs, by the tasks.
        runs: seconds of each round from the start of the first run to the end of the last, by Prefect's record.
        sizes: slots of each resource.
        written: the most slots that were held at one moment, by the tasks' own times.
        recorded: the same by Prefect's record.
    """

    spans: list[float] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, int] = field(default_factory=dict)

    @property
    def span(self) -> float:
        """The median."""
        return median(self.spans)

    @property
    def run(self) -> float:
        """The median."""
        return median(self.runs)

    @property
    def kept(self) -> bool:
        """Whether no resource was ever fuller than it may be."""
        held = [*self.written.items(), *self.recorded.items()]
        return all(most <= self.sizes[name] for name, most in held)


def rounds(
    prefect: LocalPrefect,
    graph: TaskGraph,
    writer: str,
    repeats: int,
    *,
    together: int = 1,
    result: Result | None = None,
) -> Result:
    """Run a plan, as often as told.

    Args:
        prefect: where.
        graph: the plan.
        writer: who writes its flow.
        repeats: rounds.
        together: runs at the same time in each round.
        result: of earlier rounds, to which these are added.
    """
    folder = Path(tempfile.mkdtemp(dir=prefect.home.parent))
    _apply(prefect, writers.generated(graph, folder))
    place = writers.WRITERS[writer](graph, folder)
    result = result or Result(sizes=_sizes(graph))
    for number in range(repeats):
        times = folder / f"times{number}"
        times.mkdir()
        _round(prefect, graph, place, times, together, result)
    return result


def _round(prefect: LocalPrefect, graph: TaskGraph, place: Path, times: Path, together: int, result: Result) -> None:
    workers = graph.policy.max_parallel or graphs.WORKERS
    with ExitStack() as stack:
        programs = [
            stack.enter_context(drivers.Driver(prefect, [place], workers=workers, times=times)) for _ in range(together)
        ]
        ids = [run.run_id for program in programs for run in program.ended()]
    own = drivers.written(times)
    if len(own) != together * len(graph.tasks):
        msg = f"{len(own)} tasks of {graph.id} wrote down their times"
        raise RuntimeError(msg)
    told = [(row["name"], ran) for run_id in ids for row in prefect.recorded(run_id) if (ran := span(row))]
    result.spans.append(drivers.span(interval for _, interval in own))
    result.runs.append(drivers.span(_lasted(prefect, run_id) for run_id in ids))
    for most, held in ((result.written, own), (result.recorded, told)):
        for name, slots in peak(_holds(graph, held, result.sizes)).items():
            most[name] = max(slots, most.get(name, 0))


def _apply(prefect: LocalPrefect, flow: Path) -> None:
    """Bring the limits beside a generated flow."""
    for step in steps(read_limits(flow.with_suffix(".limits.json")), live_limits(prefect.api)):
        carry_out(step, prefect.api)


def _sizes(graph: TaskGraph) -> dict[str, int]:
    things = {claim.resource: READERS for task in graph.tasks for claim in task.claims if claim.mode != "slots"}
    return things | graph.capacities


def _holds(graph: TaskGraph, held: Iterable[tuple[str, drivers.Interval]], sizes: dict[str, int]) -> Iterable[Hold]:
    for task_id, interval in held:
        for name, slots in slots_claimed(graph.by_id[task_id], sizes).items():
            yield Hold(name, slots, *interval)


def _lasted(prefect: LocalPrefect, run_id: str) -> drivers.Interval:
    run = prefect.api.get("flow_runs", run_id)
    return datetime.fromisoformat(run["start_time"]), datetime.fromisoformat(run["end_time"])
