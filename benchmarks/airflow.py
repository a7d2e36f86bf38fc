"""Generated DAGs beside DAGs written by hand and dag-factory's: what Airflow pays to read them, and how they run.

Usage: python benchmarks/airflow.py [--repeats 3] [--quick] [--only reading|running]

Reading is processor time in a process forked from one that has Airflow, as Airflow itself does it: once for the whole
DAG in the DAG processor, and once more in the process of every single task. Running is a whole Airflow with its
LocalExecutor. The machine needs PostgreSQL's programs for the half of that which runs on PostgreSQL.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from on_airflow import readings, runs

from taskgraph_core.servers.postgres import programs
from taskgraph_core.servers.signals import ENDINGS

SIZES = (10, 100, 1_000, 5_000)
GOALS = {("whole", 1_000): 0.7, ("whole", 5_000): 0.7, ("task", 1_000): 0.1, ("task", 5_000): 0.02}
"""How many times the seconds of the DAG written by hand a generated one may take."""

PER_TASK = 0.010
"""Most seconds that each task's run may pay for reading, whatever the size."""

LONGER = 1.10
"""How many times as long as by hand a run may take."""

TITLES = {
    "whole": "reading the whole DAG",
    "processed": "the same with what the DAG processor does besides: its check of the source, and serializing",
    "task": "reading for the run of one task",
    "task, no .pyc": "the same from a folder that cannot be written, so that Python compiles the file each time",
}


def reading_tables(folder: Path, sizes: tuple[int, ...], repeats: int) -> None:
    """Milliseconds of processor time and times by hand, for each kind of reading; then memory and size."""
    with readings.Reader(folder / "home") as reader:
        costs = {size: readings.measure(reader, size, folder, repeats) for size in sizes}
    for kind, title in TITLES.items():
        print(f"\n{title}: milliseconds of processor time, and times by hand")
        _header(sizes)
        for name in readings.CONTESTANTS:
            _row(name, [_beside_hand(costs[size], name, kind) for size in sizes])
        for size in sizes:
            _goal(costs[size], kind, size)
    print("\npeak memory of reading the whole DAG, above that of one task: MB")
    _header(sizes)
    for name in readings.CONTESTANTS:
        _row(name, [f"{costs[size][name].megabytes:.0f}" if name in costs[size] else "-" for size in sizes])
    print("\nsource: KB")
    _header(sizes)
    for name in readings.CONTESTANTS:
        _row(name, [f"{costs[size][name].size / 1000:,.0f}" if name in costs[size] else "-" for size in sizes])


def _beside_hand(costs: dict[str, readings.Cost], name: str, kind: str) -> str:
    if name not in costs:
        return "not installed"
    seconds = costs[name].of(kind)
    return f"{seconds * 1000:9,.1f} {seconds / costs['by hand'].of(kind):6.3f}"


def _goal(costs: dict[str, readings.Cost], kind: str, size: int) -> None:
    seconds, by_hand = costs["generated"].of(kind), costs["by hand"].of(kind)
    if kind == "task":
        _verdict(f"{size:,} tasks, at most {PER_TASK * 1000:.0f} ms", met=seconds <= PER_TASK)
    if (kind, size) in GOALS:
        _verdict(f"{size:,} tasks, at most {GOALS[kind, size]} x by hand", met=seconds <= GOALS[kind, size] * by_hand)


def _header(sizes: tuple[int, ...]) -> None:
    _row("", [f"{size:,} tasks" for size in sizes])


def _row(name: str, cells: list[str]) -> None:
    print(f"  {name:<15}" + "".join(f"{cell:>18}" for cell in cells))


def _verdict(goal: str, *, met: bool) -> None:
    print(f"  goal, {goal}: {'met' if met else 'MISSED'}")


def running_table(folder: Path, databases: tuple[str, ...], repeats: int) -> None:
    """Seconds of runs, times by hand, and how full each pool was."""
    for database in databases:
        print(f"\nruns with the LocalExecutor on {database}: seconds of the tasks and of the whole run, times by hand")
        for result in runs.compare(folder / database, database, repeats):
            print(f"  {result.plan}")
            for name in runs.WRITERS:
                spans = " ".join(f"{seconds:6.1f}" for seconds in result.spans[name])
                totals = " ".join(f"{seconds:6.1f}" for seconds in result.totals[name])
                full = ", ".join(f"{most:,} of {slots:,}" for most, slots in result.fullest[name].values())
                print(f"    {name:<12} tasks {spans}   run {totals}   fullest pool {full}")
            ratios = result.ratio("spans"), result.ratio("totals")
            print(f"    times by hand {ratios[0]:.2f} and {ratios[1]:.2f}")
            _verdict(f"at most {LONGER:.2f} x by hand", met=max(ratios) <= LONGER)
            over = any(most > slots for pools in result.fullest.values() for most, slots in pools.values())
            _verdict("no pool fuller than it may be", met=not over)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="of each run; a reading is repeated thrice as often")
    parser.add_argument("--quick", action="store_true", help="once, up to 1,000 tasks, on one database")
    parser.add_argument("--only", choices=("reading", "running"))
    arguments = parser.parse_args()
    for number in ENDINGS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # so that Airflow's programs end as well
    repeats = 1 if arguments.quick else arguments.repeats
    databases = ("postgresql", "sqlite") if programs() else ("sqlite",)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own, who has to get there
        if arguments.only != "running":
            reading_tables(folder, SIZES[:3] if arguments.quick else SIZES, 3 * repeats)
        if arguments.only != "reading":
            running_table(folder, databases[:1] if arguments.quick else databases, repeats)


if __name__ == "__main__":
    main()
