"""The engine beside what one would use instead: the same work, whole processes, medians of interleaved runs.

Usage: python benchmarks/engine.py [--repeats 7] [--only commands|functions|memory]

Commands are whole processes, start-up and journal included. Of Python functions only the run is timed, in an
interpreter that has imported what it needs: what is measured there is the cost of a task. A contestant that is
not installed is a row that says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rivals import commands, functions, shapes
from timing import medians

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Microseconds a task; each measurement in a process of its own, so that nobody carries another's memory."""
    sizes = (1_000, 10_000)
    names = list(functions.CONTESTANTS)
    times: dict[tuple[str, int], list[float]] = {}
    for _ in range(repeats):
        for name in names:
            for size in sizes:
                answer = _measure(name, size, folder / f"run{next(FOLDERS)}")
                if answer is not None:
                    times.setdefault((name, size), []).append(answer["seconds"])
    print("\nPython functions that do nothing, 10 at a time: microseconds a task")
    print(f"  {'':<32}" + "".join(f"{size:>10,}" for size in sizes))
    for name in names:
        if (name, sizes[0]) not in times:
            print(f"  {name:<32}{'-':>10}   not installed")
            continue
        print(f"  {name:<32}" + "".join(f"{median(times[name, size]) / size * 1e6:10.1f}" for size in sizes))


def memory_table(folder: Path) -> None:
    """Peak memory of a process that runs 10,000 no-ops with the journal."""
    print()
    for size in (1_000, 10_000):
        answer = _measure("taskgraph run, no-op", size, folder / f"run{next(FOLDERS)}")
        if answer is not None:
            print(f"peak memory of a run of {size:6,} no-ops: {answer['megabytes']:4.0f} MB (budget 150 MB)")


def _measure(name: str, size: int, folder: Path) -> dict[str, float] | None:
    """Seconds and megabytes of one contestant; None if it is not installed."""
    argv = [sys.executable, str(Path(functions.__file__)), name, str(size), str(folder)]
    answer = subprocess.run(argv, capture_output=True, text=True, check=True)
    found: dict[str, float] | None = json.loads(answer.stdout.splitlines()[-1])
    return found


def _quietly(argv: list[str]) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)


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
