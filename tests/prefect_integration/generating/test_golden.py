from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prefect_integration.generating.target import PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Policy, Python, Resource, Retry, Schedule, TaskGraph, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden" / "prefect"

HOSTILE = [
    "'\"\"\"'''\\",
    "a\nimport os\rb",
    "x\u2028y\x85\x0c",
    "\x00\ud800",
    "\u202e\U000e0041\u200b",
    "\x1b[31mred",
    "coding: utf-7 +AAo-import os; PWN=1",
    "{{ 7*7 }} {% if {# {{{ {% endraw %}",
    "{{ conn.get('x').password }} {{ $SECRET }} ${{ github.token }} {{=1}}",
    "build.sh",
    "{x.__init__.__globals__} {0} {} %s %(a)s $HOME",
    "; id $(id) `id` * -rf",
    "../../etc/passwd",
    "<script>alert(1)</script>",
]


PIPE = Command.model_validate({"shell": "make parser | tee log"})


def plain() -> TaskGraph:
    """Groups, edges, a milestone, the smallest useful plan."""
    return graph_of(
        "1",
        "2.1 < 1",
        "2.2 < 1",
        "2 < 2.1 2.2",
        "3 < 2",
        id="plain",
        title="A small plan",
        tasks={
            "1": {"title": "Set up", "action": Command(argv=("./setup.sh", "--quiet"))},
            "2.1": {
                "title": "Build the parser",
                "group": "2",
                "action": PIPE,
            },
            "2.2": {"title": "Build the printer", "group": "2", "action": Command(argv=("make", "printer"))},
            "2": {"title": "Build", "estimate": 0.0},
            "3": {
                "title": "Report",
                "labels": ("docs",),
                "priority": "high",
                "action": Python(entry_point="reports.weekly:write", kwargs={"to": ["a", "b"], "draft": True}),
            },
        },
        policy=Policy(max_parallel=4),
    )


def resources() -> TaskGraph:
    """Counted resources of one and of several slots, a name no limit may have, readers and a writer."""
    return graph_of(
        "load",
        "merge",
        "read",
        "write",
        id="resources",
        tasks={
            "load": {"claims": (Claim(resource="db"), Claim(resource="gpu/0 & 1"))},
            "merge": {"claims": (Claim(resource="mem", slots=3),)},
            "read": {"claims": (Claim(resource="file:out", mode="read"), Claim(resource="mem"))},
            "write": {"claims": (Claim(resource="file:out", mode="write"),)},
        },
        resources=(
            Resource(name="db", capacity=2),
            Resource(name="gpu/0 & 1", capacity=1),
            Resource(name="mem", capacity=8),
            Resource(name="unused", capacity=5),
        ),
    )


def careful() -> TaskGraph:
    """Retries, timeouts, trigger rules, rollback and the run's own policy."""
    return graph_of(
        "fetch",
        "check < fetch",
        "publish < check",
        "alarm < fetch check",
        id="careful",
        tasks={
            "fetch": {
                "action": Command(argv=("curl", "-f", "https://example.org/data"), cwd="work", env={"LANG": "C"}),
                "retry": Retry(attempts=5, delay=10, factor=2, max_delay=300, jitter=0.1),
                "timeout": 1800.0,
                "rollback": Command(argv=("rm", "-f", "data")),
            },
            "check": {"action": Python(entry_point="checks:run", kwargs={"limit": 1e22}), "timeout": 60.0},
            "publish": {"action": Wait(what="http", target="https://example.org/ready", interval=30)},
            "alarm": {"trigger_rule": "one_failed", "action": Command(argv=("./page-me.sh",))},
        },
        policy=Policy(max_parallel=2, on_failure="stop", timeout=7200, rollback=True),
    )


def storable(text: str) -> str:
    """The text as far as a name may hold it: without halves of characters."""
    return text.encode(errors="replace").decode()


def hostile() -> TaskGraph:
    """Text that tries to become code, markup, a template or a terminal's command."""
    lines = [f"{number}" for number in range(len(HOSTILE))]
    tasks = {
        str(number): {
            "title": text,
            "labels": (text,),
            "action": Command(argv=("echo", text), env={"TEXT": text}),
            "claims": (Claim(resource=storable(f"r {text}")),),
        }
        for number, text in enumerate(HOSTILE)
    }
    named = tuple(Resource(name=storable(f"r {text}"), capacity=1) for text in HOSTILE)
    return graph_of(*lines, id="hostile", title=HOSTILE[0], tasks=tasks, resources=named, policy=Policy(max_parallel=1))


def scheduled() -> TaskGraph:
    """A schedule in a time zone."""
    return graph_of("1", id="scheduled", schedule=Schedule(cron="30 2 * * 1-5", timezone="Europe/Oslo"))


CASES = [plain, resources, careful, hostile, scheduled]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_generated_files_are_the_committed_ones(
    case: Callable[[], TaskGraph], golden: Callable[[Path, str], None]
) -> None:
    graph = case()
    generated = generate(graph, PrefectOptions())
    for name, text in generated.files.items():
        golden(GOLDEN / graph.id / name, text)
    findings = "".join(f"{finding.code} {finding.severity}: {finding.message}\n" for finding in generated.findings)
    golden(GOLDEN / graph.id / "findings.txt", findings)
    assert {place.name for place in (GOLDEN / graph.id).iterdir()} == {*generated.files, "findings.txt"}


@pytest.mark.parametrize("place", sorted(GOLDEN.glob("*/*.py")), ids=lambda place: place.stem)
def test_committed_flows_compile_from_their_bytes(place: Path) -> None:
    source = place.read_bytes()

    assert source.startswith(b"# -*- coding: utf-8 -*-\n")
    assert source.isascii()
    assert compile(source, place.name, "exec", dont_inherit=True)


def test_committed_flows_are_clean_for_linter_and_formatter() -> None:
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check"], ["format", "--check", "--line-length", "120"]):
        done = subprocess.run([*ruff, *command, "--isolated", str(GOLDEN)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_text_of_the_plan_stands_outside_literals() -> None:
    source = generate(hostile(), PrefectOptions()).files["hostile.py"]
    tree = ast.parse(source)

    named = [
        node.targets[0] if isinstance(node, ast.Assign) else node.target
        for node in tree.body
        if hasattr(node, "value") and not isinstance(node, ast.Expr)
    ]
    assert list(map(ast.unparse, named)) == ["MAX_PARALLEL", "GRAPH", "TASKS"]
    comments = [line for line in source.splitlines() if line.lstrip().startswith("#")]
    assert len(comments) == 5
    assert not any("PWN" in line for line in comments)
