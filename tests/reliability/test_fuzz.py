"""R12: plans, profiles and compiled graphs that are wrong in any way: a graph, findings or an error, and soon."""

from __future__ import annotations

import json
import os
import time
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings

from reliability.mutation import altered, mutated
from reliability.random_graphs import random_graph
from support.plans import FORMS, plan_text, raw_plans, task
from taskgraph_core.compile import Request, check_request, compile_request, read_source
from taskgraph_core.errors import TaskgraphError
from taskgraph_core.ir import TaskGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reliability.sheet import Row, Sheet

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("TASKGRAPH_CORPUS") or ROOT.parent / "shared" / "corpus")
LONGEST = 1.0
"""Seconds of this process's own time that a case may take; what others do on the machine does not count."""
LARGEST = 8_000
"""Bytes of the largest plan that is mutated: the time goes into cases, not into size."""


def own_plans() -> list[bytes]:
    """Small plans in every form, and those of the examples."""
    tasks = [
        task(1, task(1), task(2, deps=[1], status="done"), deps=[], priority="high", details="writes `src/a.py`"),
        task(2, deps=[1, "1.2"], tags=["db"], metadata={"taskgraph": {"estimate": "5m", "command": ["true"]}}),
        task(
            "3", task(1, deps=["2"]), deps=["2"], testStrategy="look", complexity=7, relevantFiles=[{"path": "a/b.py"}]
        ),
    ]
    examples = [place.read_bytes() for place in sorted(ROOT.glob("examples/*/.taskmaster/tasks/tasks.json"))]
    return [*(plan_text(tasks, form).encode() for form in FORMS), *examples]


def pool() -> list[tuple[bytes, bytes]]:
    """Plans, each with a profile, and compiled graphs, which have none."""
    profiles = [place.read_bytes() for place in sorted(ROOT.glob("examples/*/taskgraph.toml"))]
    found = [place.read_bytes() for place in sorted(CORPUS.glob("*.json"))] if CORPUS.is_dir() else []
    plans = [*own_plans(), *(data for data in found if len(data) <= LARGEST)]
    graphs = [random_graph(Random(number)).model_dump_json().encode() for number in range(8)]  # noqa: S311 - repeatable
    return [
        *((data, profiles[number % len(profiles)]) for number, data in enumerate(plans)),
        *((data, b"") for data in graphs),
    ]


def mutations(chance: Random, number: int) -> Iterator[tuple[bytes, bytes]]:
    """Cases of which the plan is wrong, or the profile, or both."""
    whole = pool()
    for _ in range(number):
        plan, profile = chance.choice(whole)
        lot = chance.random()
        if lot < 0.5:
            plan = altered(chance, plan)
        elif lot < 0.8 or not profile:
            plan = mutated(chance, plan)
        if lot > 0.7 and profile:
            profile = mutated(chance, profile)
        yield plan, profile


def try_out(row: Row, folder: Path, plan: bytes, profile: bytes) -> None:
    """Check a plan and make its graph, in one scope or another; keep what it should not do."""
    for name, data in (("tasks.json", plan), ("taskgraph.toml", profile)):
        overwrite(folder / name, data)
    request = Request(str(folder / "tasks.json"), scope="whole" if row.counts.get("cases", 0) % 2 else "due")
    row.count("cases")
    began = time.process_time()
    try:
        source = read_source(request)
        check_request(request, source)
        graph = compile_request(request, source).graph
        assert TaskGraph.model_validate_json(graph.model_dump_json()) == graph
        row.count("of them graphs")
    except TaskgraphError as error:
        row.zero("errors without words", [] if error.what else [repr(error)])
    except Exception:  # noqa: BLE001 - that is what is looked for
        row.zero("tracebacks", [f"{plan[:300]!r} with {profile[:100]!r}: {traceback.format_exc(limit=-3)}"])
    seconds = time.process_time() - began
    row.zero(f"above {LONGEST:.0f} s", [f"{seconds:.1f} s: {plan[:300]!r}"] if seconds > LONGEST else [])


def overwrite(place: Path, data: bytes) -> None:
    """Without emptying the file first, which some file systems take for a reason to write it to the disk at once."""
    handle = os.open(place, os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(handle, data)
    os.ftruncate(handle, len(data))
    os.close(handle)


def test_any_input_is_a_graph_or_refused_with_reasons(sheet: Sheet, tmp_path: Path) -> None:
    row = sheet.row("R12", "mutated plans, profiles and graphs, and plans of any values")
    row.zero("tracebacks")
    size, drawn = (98_000, 2_000) if sheet.full else (1_950, 50)
    for plan, profile in mutations(Random("R12"), size):  # noqa: S311 - repeatable, not secret
        try_out(row, tmp_path, plan, profile)
    if not CORPUS.is_dir():
        row.note("no real plans lie beside the project, so only its own were mutated")

    @settings(
        max_examples=drawn,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(raw_plans())
    def any_values(tasks: list[Any]) -> None:
        try_out(row, tmp_path, json.dumps({"master": {"tasks": tasks}}).encode(), b"")

    any_values()
    row.check()
