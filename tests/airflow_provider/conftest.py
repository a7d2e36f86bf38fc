"""The graphs whose generated files are committed, for tests without Airflow and tests in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of
from taskgraph_core.ir import (
    Breaker,
    Claim,
    Command,
    Policy,
    Python,
    Rate,
    Resource,
    Retry,
    Schedule,
    TaskGraph,
    Wait,
)
from taskgraph_core.scheduler import RULES

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
        policy=Policy(max_parallel=8, on_failure="stop", failure_threshold=3, timeout=7200.0),
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


def rollback() -> TaskGraph:
    load = {"claims": (Claim(resource="db"),), "retry": Retry(attempts=2, delay=5), "timeout": 90}
    return graph_of(
        "1",
        "2.1 < 1",
        "2.2 < 1",
        "2 < 2.1 2.2",
        "3 < 2",
        "4 < 3",
        id="rollback",
        policy=Policy(rollback=True, timeout=7200),
        resources=(Resource(name="db", capacity=2),),
        tasks={
            "1": {"title": "Create the schema", "action": line("./create"), "rollback": line("./drop")},
            "2": {"title": "Load"},
            "2.1": {
                "title": "Load orders",
                "group": "2",
                "action": Command(argv=("./load", "orders")),
                "rollback": Command(argv=("./unload", "orders"), env={"KEEP": "1"}),
                **load,
            },
            "2.2": {
                "title": "Load items",
                "group": "2",
                "action": Python(entry_point="shop.items:load"),
                "rollback": Python(entry_point="shop.items:unload", kwargs={"keep": True}),
                **load,
            },
            "3": {"title": "Await the review", "action": Wait(what="file", target="reviewed", interval=60)},
            "4": {"title": "Tell", "action": line("./tell"), "trigger_rule": "all_done"},
        },
    )


def provider() -> TaskGraph:
    return graph_of(
        "1",
        "2 < 1",
        "3 < 1",
        "4 < 2 3",
        "5 < 4",
        id="provider",
        policy=Policy(rollback=True),
        resources=(
            Resource(name="api", rate=Rate(amount=10, seconds=60), breaker=Breaker(failures=3, open=30)),
            Resource(name="mail", capacity=2, rate=Rate(amount=1, seconds=0.5)),
            Resource(name="db", capacity=4),
        ),
        tasks={
            "1": {"title": "Fetch", "action": Command(argv=("./fetch.sh", "a b")), "claims": (Claim(resource="api"),)},
            "2": {
                "action": Command(shell="make > $LOG", cwd="src {{ 1 }}", env={"LANG": "C"}),
                "claims": (Claim(resource="db"),),
                "rollback": Command(argv=("make", "clean")),
                "timeout": 60,
                "priority": "high",
            },
            "3": {"action": Wait(what="command", target="test -e in"), "claims": (Claim(resource="api"),)},
            "4": {
                "action": Python(entry_point="shop.mail:send", kwargs={"to": "all"}, process=True),
                "claims": (Claim(resource="mail"), Claim(resource="api")),
                "retry": Retry(attempts=3, delay=5),
            },
            "5": {"title": "Done"},
        },
    )


def reporting() -> TaskGraph:
    return graph_of(
        "1.1",
        "1.2 < 1.1",
        "1 < 1.2",
        "2 < 1",
        id="reporting",
        policy=Policy(rollback=True, timeout=600),
        tasks={
            "1": {"title": "Both"},
            "1.1": {"group": "1", "action": line("./a"), "rollback": line("./undo")},
            "1.2": {"group": "1", "action": Wait(what="file", target="in", interval=60)},
            "2": {"action": Python(entry_point="shop.orders:load")},
        },
    )


def trigger_rules() -> TaskGraph:
    """Every rule there is, each after one task that may fail and one that may be skipped."""
    each = {f"3.{number}": rule for number, rule in enumerate(sorted(RULES), start=1)}
    return graph_of(
        "1",
        "2",
        *(f"{name} < 1 2" for name in each),
        "4 < 3.1 3.4",
        "5 < 4",
        id="trigger_rules",
        tasks={
            "1": {"title": "May fail", "action": line("./a")},
            "2": {"title": "May be skipped", "action": line("test -e new || exit 99")},
            **{name: {"title": rule, "trigger_rule": rule, "action": line("./b")} for name, rule in each.items()},
            "4": {"title": "A join that somebody looks at", "action": line("./c")},
            "5": {"title": "Looks at it", "trigger_rule": "one_failed", "action": line("./d")},
        },
    )


def commands() -> TaskGraph:
    return graph_of(
        *"1234567",
        id="commands",
        tasks={
            "1": {"title": "Arguments", "action": Command(argv=("echo", "a b", "$HOME", "*", "it's", ""))},
            "2": {"title": "A shell line", "action": line("cd out && ls *.csv | wc -l > 'count of files'")},
            "3": {"title": "A word of the shell", "action": Command(argv=("time", "NAME=value"))},
            "4": {"title": "A script", "action": Command(argv=("./build.sh",))},
            "5": {
                "title": "In its folder, with its environment",
                "action": Command(argv=("tools/report", "--all"), cwd="out", env={"LANG": "C", "TEXT": "{{ x }}"}),
            },
            "6": {
                "title": "Tried again",
                "action": line("./fetch"),
                "retry": Retry(attempts=5, delay=10, factor=1.5, max_delay=60, jitter=0.1),
                "timeout": 0.5,
                "priority": "critical",
            },
            "7": {"title": "Nothing"},
        },
    )


def functions() -> TaskGraph:
    return graph_of(
        "1",
        "2 < 1",
        id="functions",
        tasks={
            "1": {"title": "Count", "action": Python(entry_point="shop.orders:count")},
            "2": {
                "title": "Load",
                "action": Python(entry_point="shop.orders:Loader.load", kwargs={"n": [1, 2.5, None]}, process=True),
                "timeout": 60,
            },
        },
    )


def waits() -> TaskGraph:
    return graph_of(
        *"123456",
        id="waits",
        tasks={
            "1": {"action": Wait(what="file", target="in/[new].csv", interval=0.5), "timeout": 3600},
            "2": {"action": Wait(what="http", target="https://example.com/ready", interval=30), "timeout": 60},
            "3": {"action": Wait(what="command", target="test -e in/ok", factor=2, max_interval=120)},
            "4": {"action": Wait(what="time", target="2030-01-31T08:00:00+01:00"), "timeout": 7200},
            "5": {"action": Wait(what="file", target="/x"), "claims": (Claim(resource="port", mode="write"),)},
            "6": {"action": Wait(what="command", target="./up", interval=10), "retry": Retry(attempts=3, delay=5)},
        },
    )


def pages() -> TaskGraph:
    return graph_of(
        "1.1.1",
        "1.1 < 1.1.1",
        "1 < 1.1",
        id="pages",
        title="Pages, groups in groups",
        tasks={
            "1": {"title": "Outer", "links": {"runbook": "https://example.com/runbook?id=1&x=(2)"}},
            "1.1": {
                "title": "Inner",
                "group": "1",
                "description": "See https://example.com/a_b, mail me@example.com.",
                "details": "1. See ![this](http://x/y.png)\n2. <b>Bold</b> *claims*, `code`, [links](javascript:x)",
                "test_strategy": "It is as it was.",
                "links": {"[a](b)": "http://example.com", "ticket": "https://example.com/7"},
            },
            "1.1.1": {"title": "Innermost", "group": "1.1", "action": line("true")},
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
    "rollback": Case(rollback(), AirflowOptions(project_dir="/srv/plan")),
    "provider": Case(provider(), AirflowOptions(with_provider=True)),
    "trigger_rules": Case(trigger_rules(), AirflowOptions(project_dir="/srv/plan")),
    "commands": Case(commands(), AirflowOptions(project_dir="/srv/plan")),
    "functions": Case(functions(), AirflowOptions(project_dir="../plan")),
    "waits": Case(waits(), AirflowOptions(project_dir="/srv/plan")),
    "pages": Case(pages()),
    "reporting": Case(
        reporting(), AirflowOptions(sync="../plan/tasks.json", sync_tag="the next", sync_failed="blocked")
    ),
    "hostile": Case(hostile(), AirflowOptions(project_dir="/srv/{{ plan }}")),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="session")
def cases() -> dict[str, Case]:
    return CASES
