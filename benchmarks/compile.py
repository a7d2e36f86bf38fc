"""From tasks.json to a validated graph: how long, how linear, and beside what others need for less.

Usage: python benchmarks/compile.py [--repeats 7]

``json`` only parses the same file; ``networkx`` parses it, builds a DiGraph of its edges and looks for a
cycle. If ``task-master`` (the real tool) is on the PATH, its own check runs on the inputs that make it explode.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import networkx as nx
from plans import chain, diamonds, layered, tangled, write
from timing import medians, milliseconds

from taskgraph_core.compile import Request, check_request, compile_request, read_source

TOOL_LIMIT = 60


def with_networkx(place: Path) -> bool:
    """The least that finds a cycle."""
    tasks = json.loads(place.read_bytes())["master"]["tasks"]
    graph = nx.DiGraph((task["id"], other) for task in tasks for other in task["dependencies"])
    return nx.is_directed_acyclic_graph(graph)


def check_all(place: Path) -> int:
    """Every rule there is, the informing ones too."""
    request = Request(str(place))
    return len(check_request(request, read_source(request)))


def sizes(folder: Path, repeats: int) -> None:
    """The budget: 10,000 tasks in 100 ms, 100,000 in 1.3 s."""
    print("tasks.json to a validated graph, milliseconds")
    print(f"{'tasks':>8} {'MB':>6} {'compile':>10} {'all rules':>10} {'json':>10} {'networkx':>10}   compile/json")
    for size, budget in ((1_000, None), (10_000, 0.1), (100_000, 1.3)):
        place = folder / f"{size}.json"
        place.write_text(write(layered(size)))
        found = medians(
            {
                "compile": lambda place=place: compile_request(Request(str(place))),
                "check": lambda place=place: check_all(place),
                "json": lambda place=place: json.loads(place.read_bytes()),
                "networkx": lambda place=place: with_networkx(place),
            },
            repeats if size < 100_000 else max(3, repeats // 2),
        )
        columns = " ".join(milliseconds(found[name]) for name in ("compile", "check", "json", "networkx"))
        verdict = f"   budget {budget * 1000:,.0f} ms" if budget else ""
        ratio = found["compile"] / found["json"]
        print(f"{size:8,} {place.stat().st_size / 1e6:6.1f} {columns}   {ratio:.1f}{verdict}")


def explosive(folder: Path, repeats: int) -> None:
    """Inputs on which a check without memory of finished tasks takes exponential or cubic time."""
    tool = shutil.which("task-master")
    print("\ninputs that make naive checks explode, milliseconds for all rules")
    for name, edges in (
        ("22 diamonds in a row", diamonds(22)),
        ("2,000 tasks, 2 of the previous 20", tangled(2_000)),
        ("chain of 20,000", chain(20_000)),
    ):
        place = folder / "explosive.json"
        place.write_text(write(edges))
        ours = medians({"ours": lambda place=place: check_all(place)}, repeats)["ours"]
        print(f"  {name:<36} {milliseconds(ours)}{real_tool(tool, place, folder) if tool else ''}")


def real_tool(tool: str, place: Path, folder: Path) -> str:
    """The same input for the real tool, stopped after a minute."""
    project = folder / "project"
    target = project / ".taskmaster" / "tasks" / "tasks.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(place, target)
    words = [tool, "validate-dependencies"]
    try:
        found = medians(
            {"tool": lambda: subprocess.run(words, cwd=project, capture_output=True, check=False, timeout=TOOL_LIMIT)},
            1,
        )
    except subprocess.TimeoutExpired:
        return f"   task-master: no answer after {TOOL_LIMIT} s"
    return f"   task-master: {milliseconds(found['tool'])}"


def processes(folder: Path, repeats: int) -> None:
    """The whole command on a normal plan: 60 tasks; the budget is 0.25 s."""
    place = folder / "normal.json"
    place.write_text(write(layered(60)))
    command = str(Path(sys.executable).with_name("taskgraph"))

    def run(*words: str) -> object:
        return subprocess.run(words, capture_output=True, check=True)

    found = medians(
        {
            "taskgraph check": lambda: run(command, "check", str(place)),
            "taskgraph check --format json": lambda: run(command, "check", str(place), "--format", "json"),
            "python -c pass": lambda: run(sys.executable, "-c", "pass"),
            "python -c 'import networkx'": lambda: run(sys.executable, "-c", "import networkx"),
        },
        repeats,
    )
    print("\nwhole processes on a plan of 60 tasks, milliseconds (budget 250)")
    for name, seconds in found.items():
        print(f"  {name:<36} {milliseconds(seconds)}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        sizes(Path(name), repeats)
        explosive(Path(name), repeats)
        processes(Path(name), repeats)


if __name__ == "__main__":
    main()
