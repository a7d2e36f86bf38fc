"""Run flows of files, in turn, and say what each run took.

Usage: python drive.py ANSWERS RUNNER WORKERS REPEATS FILE...   (a line of JSON for each run into the file ANSWERS)

A run's processor time is that of this process and of the programs and workers it waited for, and of sending the server
all that it was told about the run, which Prefect does behind the run's back.
"""

from __future__ import annotations

import gc
import importlib
import json
import resource
import sys
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.pop(0)  # this folder: nothing is to be imported from it

from prefect import task
from prefect.events.worker import EventsWorker
from prefect.futures import wait
from prefect.logging.handlers import APILogWorker
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect import Flow
    from prefect.task_runners import TaskRunner

WARM_UP = 0.5
"""Seconds of each task that makes a worker begin."""


def _dask(workers: int) -> TaskRunner[Any]:
    from prefect_dask import DaskTaskRunner  # noqa: PLC0415 - may be missing

    local = {"n_workers": workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    return DaskTaskRunner(cluster_kwargs=local)


def _ray(workers: int) -> TaskRunner[Any]:
    from prefect_ray import RayTaskRunner  # noqa: PLC0415 - may be missing

    return RayTaskRunner(init_kwargs={"num_cpus": workers, "include_dashboard": False})


RUNNERS: dict[str, Callable[[int], TaskRunner[Any]]] = {
    "threads": lambda workers: ThreadPoolTaskRunner(max_workers=workers),
    "processes": lambda workers: ProcessPoolTaskRunner(max_workers=workers),
    "dask": _dask,
    "ray": _ray,
}


@task
def _warm() -> None:
    time.sleep(WARM_UP)


class Timed:
    """A flow, of which the time of its function is taken, once all workers have begun."""

    def __init__(self, flow: Flow[..., Any], runner: str, workers: int) -> None:
        self.seconds = 0.0
        self._flow = flow.with_options(task_runner=RUNNERS[runner](workers))
        function = self._flow.fn

        @wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the flow's function
            if runner != "threads":
                wait([_warm.submit() for _ in range(workers)])
            started = time.perf_counter()
            result = function(*arguments, **options)
            self.seconds = time.perf_counter() - started
            return result

        self._flow.fn = timed

    def run(self) -> dict[str, Any]:
        """Once; what it took.

        Raises:
            RuntimeError: it did not complete.
        """
        gc.collect()
        before, started = _processor_time(), time.perf_counter()
        state = self._flow(return_state=True)
        total = time.perf_counter() - started
        EventsWorker.instance().wait_until_empty()
        APILogWorker.drain_all(timeout=60)
        if not state.is_completed():
            msg = f"a run ended as {state}"
            raise RuntimeError(msg)
        return {
            "run_id": str(state.state_details.flow_run_id),
            "function": self.seconds,
            "total": total,
            "processor": _processor_time() - before,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def _processor_time() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(answers: str, runner: str, workers: str, repeats: str, *files: str) -> None:
    """See above; repeats on threads are one more of each: the first has to import things, and counts for nothing."""
    flows = {}
    for place in map(Path, files):
        sys.path.insert(0, str(place.parent))
        flows[str(place)] = importlib.import_module(place.stem).run
    times = int(repeats)
    spare = runner == "threads" and times > 1
    with Path(answers).open("w") as stream:
        for number in range(times + spare):
            for file, flow in list(flows.items())[:: 1 if number % 2 else -1]:  # who goes first takes turns
                answer = Timed(flow, runner, int(workers)).run()
                if number or not spare:
                    stream.write(json.dumps({"file": file, **answer}) + "\n")
                    stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
