"""The engine beside what one would use instead: the same work, whole processes, medians of interleaved runs.

Usage: python benchmarks/engine.py [--repeats 7] [--only commands|functions|memory]

Commands are whole processes, start-up and journal included. Python functions are called in a running
interpreter, because what is measured there is the cost of a task. A contestant that is not installed
is a row that says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from rivals import commands, functions, shapes
from timing import medians

from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run
from taskgraph_core.parallel import parallel

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.ir import Python, TaskGraph

FOLDERS = count()


def commands_table(folder: Path, repeats: int) -> None:
    """Seconds of whole processes, and times ninja."""
    for shape in (shapes.layers(), shapes.chain(), shapes.naps()):
        contestants = commands.contestants(shape, folder / f"commands{next(FOLDERS)}")
        found = medians({name: partial(_quietly, argv) for name, argv in contestants.items()}, repeats)
        ideal = f", ideal {shape.ideal:.2f} s" if shape.ideal else ""
        print(f"\n{shape.name}{ideal}: seconds of the whole process, and times ninja")
        for name in ("taskgraph", "ninja", "make -j", "xargs -P", "parallel", "futures", "asyncio", "dask"):
            if name not in found:
                note = "needs independent tasks" if name in ("xargs -P", "parallel") and not shape.independent else ""
                print(f"  {name:<28} {'-':>8}   {note or 'not installed'}")
                continue
            against = f"{found[name] / shape.ideal:6.2f} x ideal" if shape.ideal else ""
            print(f"  {name:<28} {found[name]:8.3f} {found[name] / found['ninja']:8.2f}   {against}")


def functions_table(folder: Path, repeats: int) -> None:
    """Microseconds a task."""
    with ExitStack() as stack:
        rivals: dict[str, functions.Contestant] = {
            "taskgraph run, no-op": partial(_engine, folder, None),
            "taskgraph run, coroutine": partial(_engine, folder, shapes.COROUTINE),
            "taskgraph run, function": partial(_engine, folder, shapes.FUNCTION),
            "same without journal, no-op": partial(_engine, None, None),
            "same without journal, coroutine": partial(_engine, None, shapes.COROUTINE),
            "same without journal, function": partial(_engine, None, shapes.FUNCTION),
            "taskgraph parallel()": _group,
            "asyncio, workers": functions.bare_asyncio,
            "asyncio, semaphore": functions.asyncio_tasks,
            "concurrent.futures": functions.thread_pool,
        }
        if find_spec("joblib"):
            rivals["joblib, threads"] = functions.joblib_threads
        if find_spec("dask"):
            rivals["dask, threads"] = functions.dask_threads
        if find_spec("distributed"):
            rivals["dask, distributed"] = stack.enter_context(closing(functions.DaskDistributed(10)))
        sizes = (1_000, 10_000)
        found = {
            size: medians({name: partial(call, size, 10) for name, call in rivals.items()}, repeats) for size in sizes
        }
    print("\nPython functions that do nothing, 10 at a time: microseconds a task")
    print(f"  {'':<32}" + "".join(f"{size:>10,}" for size in sizes))
    for name in rivals:
        print(f"  {name:<32}" + "".join(f"{found[size][name] / size * 1e6:10.1f}" for size in sizes))
    for name in ("joblib", "dask", "distributed"):
        if not find_spec(name):
            print(f"  {name:<32}{'-':>10}   not installed")


def memory_table(folder: Path) -> None:
    """Peak memory of a process that runs 10,000 no-ops; the budget is 150 MB."""
    for size in (1_000, 10_000):
        code = (
            "import resource, sys; sys.path.insert(0, sys.argv[1])\n"
            "import engine; from pathlib import Path\n"
            f"engine._engine(Path(sys.argv[2]), None, {size}, 10)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
        )
        argv = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder)]
        answer = subprocess.run(argv, capture_output=True, text=True, check=True)
        print(f"\npeak memory of a run of {size:,} no-ops with the journal: {float(answer.stdout):.0f} MB", end="")
    print("   (budget 150 MB)")


def _quietly(argv: list[str]) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)


def _engine(folder: Path | None, action: Python | None, number: int, parallel: int) -> None:
    """A run of independent tasks, with its journal in a fresh folder, or without any."""
    graph = _graph(number, parallel, action)
    place = None if folder is None else folder / f"run{next(FOLDERS)}"
    options = RunOptions(project=Path(__file__).parent, directory=place, journal=place is not None)
    record = asyncio.run(run(graph, options))
    if record.state != "success":
        raise RuntimeError(json.dumps(record.summary()))


_GRAPHS: dict[object, TaskGraph] = {}


def _graph(number: int, wide: int, action: Python | None) -> TaskGraph:
    """Made once: the time is the run's."""
    key = number, wide, action and action.entry_point
    if key not in _GRAPHS:
        shape = shapes.Shape("", ((),) * number, (), parallel=wide)
        _GRAPHS[key] = shape.graph(action or shapes.NOOP)
    return _GRAPHS[key]


def _group(number: int, wide: int) -> None:
    async def main() -> None:
        async with parallel(max_workers=wide) as group:
            for _ in range(number):
                group.add(functions.nothing_async)
            await group.gather()

    asyncio.run(main())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", choices=("commands", "functions", "memory"))
    arguments = parser.parse_args()
    tables: dict[str, Callable[[Path], None]] = {
        "commands": partial(commands_table, repeats=arguments.repeats),
        "functions": partial(functions_table, repeats=arguments.repeats),
        "memory": memory_table,
    }
    with tempfile.TemporaryDirectory(prefix="taskgraph-benchmark-") as folder:
        for name, table in tables.items():
            if arguments.only in (None, name):
                table(Path(folder))


if __name__ == "__main__":
    main()
