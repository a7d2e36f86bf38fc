"""Python functions in the running interpreter: n independent no-ops, at most ``parallel`` at a time."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from rivals.shapes import COROUTINE, FUNCTION, NOOP, Shape
from rivals.work import nothing, nothing_async
from taskgraph_core.ir import Python  # noqa: TC001 - shapes have imported it


def thread_pool(number: int, parallel: int) -> None:
    """``concurrent.futures``."""
    with ThreadPoolExecutor(parallel) as pool:
        for future in [pool.submit(nothing) for _ in range(number)]:
            future.result()


def bare_asyncio(number: int, parallel: int) -> None:
    """Workers that take from one iterator."""

    async def main() -> None:
        work = iter(range(number))

        async def worker() -> None:
            for _ in work:
                await nothing_async()

        await asyncio.gather(*(worker() for _ in range(parallel)))

    asyncio.run(main())


def asyncio_tasks(number: int, parallel: int) -> None:
    """A task for each, and a semaphore, as most people write it."""

    async def main() -> None:
        free = asyncio.Semaphore(parallel)

        async def one() -> None:
            async with free:
                await nothing_async()

        await asyncio.gather(*(one() for _ in range(number)))

    asyncio.run(main())


def joblib_threads(number: int, parallel: int) -> None:
    """``joblib.Parallel`` with threads."""
    from joblib import Parallel, delayed  # noqa: PLC0415 - who is not installed does not take part

    Parallel(n_jobs=parallel, backend="threading")(delayed(nothing)() for _ in range(number))


def dask_threads(number: int, parallel: int) -> None:
    """Dask's threaded scheduler."""
    from dask.threaded import get  # noqa: PLC0415 - likewise

    names = [f"t{n}" for n in range(number)]
    get(dict.fromkeys(names, (nothing,)), names, num_workers=parallel)


def dask_distributed(number: int, parallel: int) -> Callable[[], object]:
    """A cluster on this machine: its start is not what is measured."""
    from distributed import Client  # noqa: PLC0415 - likewise

    client = Client(
        processes=False, n_workers=1, threads_per_worker=parallel, dashboard_address=None, set_as_default=False
    )
    return lambda: client.gather([client.submit(nothing, pure=False) for _ in range(number)])


def group(number: int, parallel: int) -> None:
    """Our own group for plain async code."""
    from taskgraph_core import parallel as ours  # noqa: PLC0415 - only here

    async def main() -> None:
        async with ours.parallel(max_workers=parallel) as group:
            for _ in range(number):
                group.add(nothing_async)
            await group.gather()

    asyncio.run(main())


def engine(action: Python | None, *, journal: bool) -> Callable[[int, int, Path], Callable[[], object]]:
    """A run of independent tasks, with its journal in a fresh folder, or without any; the graph is made before."""

    def prepare(number: int, parallel: int, folder: Path) -> Callable[[], object]:
        from taskgraph_core.engine.options import RunOptions  # noqa: PLC0415
        from taskgraph_core.engine.run import run  # noqa: PLC0415

        graph = Shape("", ((),) * number, (), parallel=parallel).graph(action or NOOP)
        options = RunOptions(project=Path(__file__).parents[1], directory=folder, journal=journal)

        def timed() -> None:
            record = asyncio.run(run(graph, options))
            if record.state != "success":
                raise RuntimeError(record.summary())

        return timed

    return prepare


def _plain(call: Callable[[int, int], object]) -> Prepare:
    return lambda number, parallel, _folder: lambda: call(number, parallel)


Prepare = Callable[[int, int, Path], Callable[[], object]]

CONTESTANTS: dict[str, Prepare] = {
    "taskgraph run, no-op": engine(None, journal=True),
    "taskgraph run, coroutine": engine(COROUTINE, journal=True),
    "taskgraph run, function": engine(FUNCTION, journal=True),
    "same without journal, no-op": engine(None, journal=False),
    "same without journal, coroutine": engine(COROUTINE, journal=False),
    "same without journal, function": engine(FUNCTION, journal=False),
    "taskgraph parallel()": _plain(group),
    "asyncio, workers": _plain(bare_asyncio),
    "asyncio, semaphore": _plain(asyncio_tasks),
    "concurrent.futures": _plain(thread_pool),
    "joblib, threads": _plain(joblib_threads),
    "dask, threads": _plain(dask_threads),
    "dask, distributed": lambda number, parallel, _folder: dask_distributed(number, parallel),
}


def measure(name: str, number: int, folder: Path) -> dict[str, float] | None:
    """Seconds of the second run and peak megabytes of this process; None if the contestant is not installed."""
    prepare = CONTESTANTS[name]
    try:
        prepare(10, 10, folder / "first")()  # what is imported late is imported now
    except ImportError:
        return None
    timed = prepare(number, 10, folder / "second")
    started = time.perf_counter()
    timed()
    seconds = time.perf_counter() - started
    # Not ru_maxrss: a new process begins with the peak of whoever started it.
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return {"seconds": seconds, "megabytes": int(peak[1]) / 1024 if peak else 0.0}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
