"""Real plans: what the checks say beside an independent oracle, and what running in parallel would save.

Usage: python benchmarks/corpus.py FOLDER [--workers 10]

FOLDER holds plans (``*.json``) and, if there is one, ``oracle.csv``, whose ``nx_*`` columns were made by
networkx from the same files. A row is printed where the two differ, and why that may be; then the totals.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from dataclasses import dataclass
from pathlib import Path

from taskgraph_core.analysis.predict import predict
from taskgraph_core.compile import Request, Source, check_request, compile_request, read_source
from taskgraph_core.errors import TaskgraphError
from taskgraph_core.findings import Finding, errors


@dataclass(frozen=True)
class Verdict:
    """The columns both sides have."""

    missing: int
    itself: int
    circles: int
    on_circles: frozenset[str]
    twin_tasks: int
    twin_subtasks: int

    def differences(self, other: Verdict) -> str:
        """Which columns differ, ours first."""
        names = ("missing", "itself", "circles", "on_circles", "twin_tasks", "twin_subtasks")
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return ", ".join(f"{name} {_words(ours)} / {_words(theirs)}" for name, ours, theirs in pairs if ours != theirs)


def _words(value: object) -> str:
    return " ".join(sorted(value)) or "none" if isinstance(value, frozenset) else str(value)


def ours(findings: list[Finding]) -> Verdict:
    """What our findings say; circles with a task in common are one knot, as the oracle counts them.

    The oracle lists a task that depends on itself among those on a circle.
    """
    counts: dict[str, int] = {}
    knots: list[set[str]] = []
    alone: set[str] = set()
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
        if finding.code == "TG202":
            alone |= set(finding.tasks)
        if finding.code == "TG203":
            touching = [knot for knot in knots if knot & set(finding.tasks)]
            knots = [knot for knot in knots if knot not in touching] + [set(finding.tasks).union(*touching)]
    return Verdict(
        counts.get("TG201", 0),
        counts.get("TG202", 0),
        len(knots),
        frozenset(alone.union(*knots)),
        counts.get("TG204", 0),
        counts.get("TG205", 0),
    )


def oracle(row: dict[str, str]) -> Verdict:
    """What the oracle says."""
    numbers = [int(row[f"nx_{name}"] or 0) for name in ("missing", "self", "cycle_components")]
    twins = [int(row[f"nx_dup_{name}_ids"] or 0) for name in ("task", "subtask")]
    return Verdict(*numbers, frozenset(row["nx_cycle_nodes"].split()), *twins)


def saving(request: Request, source: Source, workers: int) -> tuple[float, float] | None:
    """Sequential and predicted seconds of all tasks of a list; None if it cannot be carried out, or is empty."""
    try:
        graph = compile_request(request, source).graph
    except TaskgraphError:
        return None
    if not graph.tasks:
        return None
    sequential = sum(task.estimate for task in graph.tasks)
    return (sequential, predict(graph, workers).seconds) if sequential else None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=10)
    arguments = parser.parse_args()
    table = arguments.folder / "oracle.csv"
    rows = {}
    if table.is_file():
        with table.open(newline="") as stream:
            rows = {(row["file"], row["tag"]): oracle(row) for row in csv.DictReader(stream)}
    print(f"{'file':<10} {'tag':<22} {'tasks':>6} {'errors':>6}  differs from the oracle (ours / oracle)")
    lists = agreeing = compared = 0
    savings: list[tuple[float, float]] = []
    for place in sorted(arguments.folder.glob("*.json")):
        try:
            source = read_source(Request(str(place)))
        except TaskgraphError as error:
            print(f"{place.name:<10} {'':<22} {'':>6} {'':>6}  {error}")
            continue
        for tag, raw in getattr(source.content, "tags", {}).items():
            request = Request(str(place), tag=tag, scope="whole")
            findings = check_request(request, source)
            lists += 1
            theirs = rows.get((place.name, tag))
            difference = ours(findings).differences(theirs) if theirs else ""
            compared += theirs is not None
            agreeing += theirs is not None and not difference
            wrong = len(errors(findings))
            if difference or wrong:
                print(f"{place.name:<10} {tag:<22} {len(raw.tasks):6} {wrong:6}  {difference or 'agrees'}")
            found = saving(request, source, arguments.workers)
            if found:
                savings.append(found)
    print(f"\n{lists} lists of tasks read; {agreeing} of {compared} in the oracle's table agree in every column")
    reductions = [1 - predicted / sequential for sequential, predicted in savings]
    total, predicted = (sum(column) for column in zip(*savings, strict=True))
    print(f"{len(savings)} can be carried out; with {arguments.workers} workers the predicted time is shorter by")
    quartiles = statistics.quantiles(reductions, n=4)
    print(f"  {statistics.median(reductions):.0%} (median), {quartiles[0]:.0%} to {quartiles[2]:.0%} (middle half)")
    print(f"  {1 - predicted / total:.0%} of the time of all of them together")
    print(f"  {sum(reduction >= 0.4 for reduction in reductions)} of them by 40 % or more")


if __name__ == "__main__":
    main()
