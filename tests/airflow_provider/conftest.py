"""The graphs whose generated files are committed, for tests without Airflow and tests in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Policy, Python, Resource, Retry, Schedule, TaskGraph, Wait

if TYPE_CHECKING:
    from taskgraph_core.generate import Generated

GOLDEN = Path(__file__).parents[1] / "golden" / "airflow"

HOSTILE = (
    "'\"\"\"'''\\",
    "a\nimport os; os.abort()",
    "a\rb",
    "x\u2028y\x85z\x0cz",
    "nul\x00nul",
    "\u202egnp.exe\U000e0041\u200b",
    "\x1b[2J\x1b]0;x\x07",
    "# -*- coding: utf-7 -*- +AAo-import os; PWN=1",
    "{{ 7*7 }}",
    "{% if %}{# {{{ {% endraw %}",
    "{{ conn.get('x').password }}",
    "build.sh",
    "README.md",
    "{x.__init__.__globals__} {0} %s $HOME ${HOME} `id` $(id)",
    "; id #",
    "-rf",
    "../../etc/passwd",
    "C:\\x",
    "\u65e5\u672c",
    "\u4e2d\u56fd",
    "stra\u00dfe",
    "STRASSE",
    "K",
    "\u212a",
    "a" * 5_000,
    "</script><script>alert(1)</script>",
    "__proto__",
    '\U0001f680 it\'s "done"',
)


NO_OPTIONS = AirflowOptions()


@dataclass(frozen=True)
class Case:
    """One graph with a committed DAG file and pools."""

    graph: TaskGraph
    options: AirflowOptions = NO_OPTIONS

    @property
    def folder(self) -> Path:
        return GOLDEN / self.graph.id

    def generate(self) -> Generated:
        return TARGET.generate(self.graph, self.options)


def line(text: str) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text})


def plain() -> TaskGraph:
    return graph_of(
        "1",
        "2 < 1",
        "3 < 1",
        "4 < 2 3",
        id="plain",
        title="A plain plan",
        tasks={
            "1": {"title": "Fetch", "description": "Get the sources.", "action": Command(argv=("git", "pull"))},
            "2": {"title": "Compile", "action": line("make -j4 && make install"), "estimate": 120.0},
            "3": {"title": "Write the docs", "action": Command(argv=("./docs.sh",), cwd="docs", env={"LANG": "C"})},
            "4": {"title": "Release", "priority": "high", "labels": ("release",)},
        },
    )


def groups() -> TaskGraph:
    return graph_of(
        "1",
        "2.1 < 1",
        "2.2 < 2.1",
        "2.3 < 2.1",
        "2 < 2.2 2.3",
        "3 < 2",
        "4.1",
        "4 < 4.1 5.2",
        "5.1 < 4.1",
        "4.2 < 5.1",
        "5.2",
        "5 < 5.1 5.2",
        id="groups",
        tasks={
            "1": {"title": "Begin"},
            "2": {"title": "Build"},
            "2.1": {"title": "Configure", "group": "2", "action": line("./configure")},
            "2.2": {"title": "Compile", "group": "2", "action": line("make")},
            "2.3": {"title": "Translate", "group": "2", "action": line("make po")},
            "3": {"title": "Announce", "action": line("./announce")},
            "4": {"title": "In turns"},
            "4.1": {"group": "4"},
            "4.2": {"group": "4"},
            "5": {"title": "With these"},
            "5.1": {"group": "5"},
            "5.2": {"group": "5"},
        },
    )


def pools() -> TaskGraph:
    run = Command(argv=("true",))
    return graph_of(
        *map(str, range(1, 8)),
        id="pools",
        resources=(
            Resource(name="db", capacity=4),
            Resource(name="GPU a", capacity=3),
            Resource(name="net", capacity=2),
        ),
        tasks={
            "1": {"action": run, "claims": (Claim(resource="db"),)},
            "2": {"action": run, "claims": (Claim(resource="db", slots=3),)},
            "3": {"action": run, "claims": (Claim(resource="file:out/x", mode="write"),)},
            "4": {"action": run, "claims": (Claim(resource="file:out/x", mode="read"),)},
            "5": {"action": run, "claims": (Claim(resource="GPU a", slots=2), Claim(resource="net"))},
            "6": {"action": run, "claims": (Claim(resource="net"),)},
            "7": {"claims": (Claim(resource="db"),)},
        },
    )


def rules() -> TaskGraph:
    return graph_of(
        "1",
        "2 < 1",
        "3 < 2",
        "4 < 3",
        "5 < 2",
        "6 < 2",
        id="rules",
        policy=Policy(max_parallel=8, on_failure="stop", failure_threshold=3, timeout=7200.0, rollback=True),
        tasks={
            "1": {
                "action": line("./a"),
                "retry": Retry(attempts=4, delay=10, factor=2, max_delay=300),
                "timeout": 90.5,
            },
            "2": {"action": line("./b"), "retry": Retry(attempts=2, delay=5), "rollback": line("./undo")},
            "3": {"action": line("./c"), "trigger_rule": "one_failed"},
            "4": {"action": line("./d"), "trigger_rule": "none_failed_min_one_success"},
            "5": {"action": line("./e"), "trigger_rule": "all_done"},
            "6": {"action": line("./f"), "trigger_rule": "always"},
        },
    )


def schedule() -> TaskGraph:
    return graph_of(
        "1",
        "2",
        "3",
        "4",
        "5 < 1 2 3 4",
        id="schedule",
        title="Every night",
        schedule=Schedule(cron="0 2 * * *", timezone="Europe/Oslo"),
        policy=Policy(on_failure="stop"),
        tasks={
            "1": {"title": "Delivery", "action": Wait(what="file", target="in/data.csv", interval=60), "timeout": 3600},
            "2": {"action": Wait(what="http", target="https://example.com/ready"), "retry": Retry(attempts=3)},
            "3": {"action": Wait(what="command", target="test -e in/ok")},
            "4": {"action": Wait(what="time", target="2030-01-31T08:00:00+01:00")},
            "5": {
                "action": Python(entry_point="shop.orders:load", kwargs={"tables": ["orders", "items"], "limit": 10})
            },
        },
    )


def hostile() -> TaskGraph:
    lines = []
    tasks = {}
    for number, text in enumerate(HOSTILE):
        name = f"task-{number}"
        lines.append(f"{name} < task-{number - 1}" if number else name)
        passable = text.replace("\0", "")
        tasks[name] = {
            "title": text,
            "description": text,
            "labels": (text,),
            "action": Command(argv=("echo", passable), env={"TEXT": passable})
            if number % 2
            else Python(entry_point="a.b:c", kwargs={"text": passable}),
            "claims": (Claim(resource=text, mode="write"),),
        }
    graph = graph_of(*lines, id="hostile", title="\n".join(HOSTILE), tasks=tasks)
    ids = dict(zip((task.id for task in graph.tasks), HOSTILE, strict=True))
    renamed = tuple(
        task.model_copy(update={"id": ids[task.id], "depends_on": tuple(ids[other] for other in task.depends_on)})
        for task in graph.tasks
    )
    return graph.model_copy(update={"tasks": renamed})


CASES = {
    "plain": Case(plain()),
    "groups": Case(groups()),
    "pools": Case(pools(), AirflowOptions(project_dir="/srv/plan")),
    "rules": Case(rules(), AirflowOptions(project_dir="/srv/plan")),
    "schedule": Case(schedule()),
    "hostile": Case(hostile(), AirflowOptions(project_dir="/srv/{{ plan }}")),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="session")
def cases() -> dict[str, Case]:
    return CASES
