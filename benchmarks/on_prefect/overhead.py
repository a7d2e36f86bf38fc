"""What a task that does nothing costs, generated and by hand in turn, on every task runner that is installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING

from on_prefect import graphs
from on_prefect.drivers import Driver
from on_prefect.writers import WRITERS

if TYPE_CHECKING:
    from pathlib import Path

    from on_prefect.drivers import Run
    from prefect_integration.local import LocalPrefect

NEEDS = {"dask": "prefect_dask", "ray": "prefect_ray"}
"""The package without which a runner does not take part."""

FEW = 2
"""Workers of the runners whose workers are processes: this many begin within a reasonable time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians of the runs of one contestant.

    Attributes:
        seconds: that the flow's function took.
        processor: seconds of processor time of the whole run.
    """

    seconds: float
    processor: float


def installed(runner: str) -> bool:
    """Whether a task runner can take part."""
    return runner not in NEEDS or find_spec(NEEDS[runner]) is not None


def workers(runner: str) -> int:
    """How many it gets."""
    return graphs.WORKERS if runner == "threads" else FEW


def measure(
    prefect: LocalPrefect, folder: Path, *, runner: str, action: str, size: int, repeats: int
) -> dict[str, Cost]:
    """What a plan costs each contestant.

    Args:
        prefect: where.
        folder: for the flows' files.
        runner: the task runner.
        action: what each task does: ``nothing``, or the command ``true``.
        size: number of tasks.
        repeats: of each; they take turns in one process.
    """
    graph = graphs.layered(size, action, workers(runner))
    files = {name: write(graph, folder) for name, write in WRITERS.items()}
    with Driver(prefect, files.values(), runner=runner, workers=workers(runner), repeats=repeats) as driver:
        runs = driver.ended()
    return {name: _cost([run for run in runs if run.file == str(place)]) for name, place in files.items()}


def whole(prefect: LocalPrefect, folder: Path, size: int) -> dict[str, tuple[Run, float]]:
    """One run of each contestant in a process of its own, on threads, and the seconds of that whole process."""
    graph = graphs.layered(size, "nothing")
    found = {}
    for name, write in WRITERS.items():
        with Driver(prefect, [write(graph, folder)]) as driver:
            (run,) = driver.ended()
            found[name] = run, driver.seconds
    return found


def _cost(runs: list[Run]) -> Cost:
    return Cost(median(run.function for run in runs), median(run.processor for run in runs))
