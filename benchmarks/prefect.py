"""Generated flows beside flows written by hand: what a task costs, how long turns take, how full limits get.

Usage: python benchmarks/prefect.py [--repeats 3] [--quick] [--only overhead|graphs|limits]

A whole Prefect on this machine, with the settings the documentation recommends, and one more with Prefect's own
defaults where that is said. On PostgreSQL as well where its programs are installed. Task runners that are not
installed are rows that say so.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from on_prefect import graphs, limits, overhead
from on_prefect.writers import WRITERS

from prefect_integration.local import LocalPrefect
from taskgraph_core.servers.postgres import programs
from taskgraph_core.servers.signals import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.ir import TaskGraph

NO_OPS = (("nothing", 100), ("nothing", 500), ("nothing", 1_000), ("true", 100))
"""What each task does, which is nothing or to run a command that does nothing, and how many tasks."""

FEW = (("true", 20),)
"""The same for runners on which each costs a tenth of a second; there what does nothing is not given to the runner."""

QUICK = (("nothing", 100), ("true", 100))

RATIO = 1.05
"""How many times the seconds of the flow written by hand a generated one may take."""

STARVING = {graphs.chain_and_others: 5.0, graphs.root_and_others: 2.5}
"""Graphs on which submitting everything starves, and their ideal seconds."""

SPAN = 1.05
"""How many times the ideal the tasks of those may take."""

NAPS = 10.0
"""Ideal seconds of forty tasks of a second with four slots."""

ALONE = 1.15
"""How many times that a run may take which shares its slots with nobody."""

SHARED = {"postgresql": 1.45, "sqlite": 2.5}
"""The same where the server counts the slots as well, by database."""

FOLDERS = count()


def overhead_table(
    prefect: LocalPrefect, folder: Path, runner: str, no_ops: tuple[tuple[str, int], ...], repeats: int
) -> None:
    """Milliseconds a task and of processor time, and times by hand, for numbers of tasks of each action."""
    if not overhead.installed(runner):
        print(f"\nno-ops, {runner}: not installed")
        return
    workers = overhead.workers(runner)
    print(f"\nno-ops, {runner}, {workers} workers: milliseconds a task (and of processor time, with all of the run)")
    for action, size in no_ops:
        costs = overhead.measure(prefect, folder, runner=runner, action=action, size=size, repeats=repeats)
        cells = [
            f"{name} {cost.seconds / size * 1000:6.2f} ({cost.processor / size * 1000:6.2f})"
            for name, cost in costs.items()
        ]
        ratio = costs["generated"].seconds / costs["by hand"].seconds
        print(f"  {action:<8}{size:>6,} tasks   {'   '.join(cells)}   times by hand {ratio:5.2f}")
        _verdict(f"at most {RATIO:.2f} x by hand", met=ratio <= RATIO)


def memory_table(prefect: LocalPrefect, folder: Path, size: int) -> None:
    """Megabytes and seconds of whole processes on threads."""
    print(f"\n{size:,} no-ops on threads, the whole process with the start of Python and what the server is told")
    for name, (run, seconds) in overhead.whole(prefect, folder, size).items():
        print(f"  {name:<12}{seconds:6.1f} s {run.megabytes:6.0f} MB", flush=True)


def graphs_table(prefect: LocalPrefect, repeats: int) -> None:
    """Seconds beside the ideal, of graphs on which submitting everything starves."""
    for plan, ideal in STARVING.items():
        graph = plan()
        print(f"\n{graph.id}, {graph.policy.max_parallel} workers, ideal {ideal} s: seconds of the tasks, of the run")
        results = {name: limits.Result() for name in WRITERS}
        for _ in range(repeats):
            for name, result in results.items():
                limits.rounds(prefect, graph, name, 1, result=result)
        for name, result in results.items():
            print(f"  {name:<12}{result.span:6.2f} {result.run:6.2f}   {result.span / ideal:5.2f} x ideal")
        _verdict(f"tasks at most {SPAN:.2f} x ideal", met=results["generated"].span <= SPAN * ideal)


def limits_table(prefect: LocalPrefect, database: str, repeats: int, *, first: bool, quick: bool) -> None:
    """Seconds of tasks that take turns, and how full each resource was."""
    print(
        f"\ntasks that take turns, {database}: seconds of the tasks and of the run; the most slots held, by the times"
    )
    print("that tasks wrote down themselves and by Prefect's record")
    if first:
        alone = graphs.naps(shared_with_others=False)
        _naps(prefect, "40 x 1 s, 4 slots, kept inside the run", alone, repeats, ALONE)
    _naps(prefect, "the same, and the server counts as well", graphs.naps(), repeats, SHARED[database])
    if not quick:
        together = limits.rounds(prefect, graphs.naps(), "generated", 1, together=2)
        _taken("two such runs at once, ideal 20 s", together, 2 * NAPS)
    if first and not quick:
        _taken("readers and writers", limits.rounds(prefect, graphs.readers_and_writers(), "generated", 1))
        _taken("several claims, ideal 4 s", limits.rounds(prefect, graphs.several(), "generated", 1), 4.0)


def plain_table(prefect: LocalPrefect, database: str) -> None:
    """The same by hand, with a tag's limit alone."""
    print(f"\nby hand with a tag's limit, {database} with Prefect's default settings: the same")
    _taken("40 x 1 s, 4 slots", limits.rounds(prefect, graphs.naps(), "by hand", 1), NAPS)


def _naps(prefect: LocalPrefect, title: str, graph: TaskGraph, repeats: int, goal: float) -> None:
    result = limits.rounds(prefect, graph, "generated", repeats)
    _taken(title, result, NAPS)
    _verdict(f"run at most {goal:.2f} x ideal", met=result.run <= goal * NAPS)


def _taken(title: str, result: limits.Result, ideal: float | None = None) -> None:
    beside = f"{result.run / ideal:5.2f} x ideal" if ideal else " " * 13
    full = ", ".join(
        f"{name} {most:,} and {result.recorded[name]:,} of {result.sizes[name]:,}"
        for name, most in result.written.items()
    )
    print(f"  {title:<42}{result.span:6.1f} {result.run:6.1f} {beside}   {full}", flush=True)
    if not result.kept:
        _verdict("nothing fuller than it may be", met=False)


def _verdict(goal: str, *, met: bool) -> None:
    print(f"    goal, {goal}: {'met' if met else 'MISSED'}", flush=True)


@contextmanager
def _server(folder: Path, database: str, *, plain: bool = False) -> Iterator[LocalPrefect]:
    home = folder / f"server{next(FOLDERS)}" / "home"
    with LocalPrefect(home, database=database, extra=limits.DEFAULTS if plain else {}) as prefect:
        yield prefect


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="of each run that has a goal")
    parser.add_argument("--quick", action="store_true", help="once, fewer tasks, threads, one database")
    parser.add_argument("--only", choices=("overhead", "graphs", "limits"))
    arguments = parser.parse_args()
    for number in ENDINGS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # so that Prefect's programs end as well
    repeats = 1 if arguments.quick else arguments.repeats
    databases = ("postgresql", "sqlite") if programs() else ("sqlite",)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for database in databases[:1] if arguments.quick else databases:
            first = database == databases[0]
            with _server(folder, database) as prefect:
                if first:
                    _once(prefect, folder, arguments, repeats)
                if arguments.only in (None, "limits"):
                    limits_table(prefect, database, repeats, first=first, quick=arguments.quick)
            if arguments.only in (None, "limits"):
                with _server(folder, database, plain=True) as prefect:
                    plain_table(prefect, database)


def _once(prefect: LocalPrefect, folder: Path, arguments: argparse.Namespace, repeats: int) -> None:
    """What no limit of the server has to do with, so that the database does not matter."""
    flows = folder / "flows"
    flows.mkdir()
    if arguments.only in (None, "overhead"):
        overhead_table(prefect, flows, "threads", QUICK if arguments.quick else NO_OPS, max(2, repeats))
        if not arguments.quick:
            for runner in ("processes", "dask", "ray"):
                overhead_table(prefect, flows, runner, FEW, 2)
            memory_table(prefect, flows, 1_000)
    if arguments.only in (None, "graphs"):
        graphs_table(prefect, repeats)


if __name__ == "__main__":
    main()
