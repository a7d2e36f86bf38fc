"""Plans in few words; arbitrary plans, sound and broken, for laws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from taskgraph_core.analysis.topology import Topology
from taskgraph_core.compile import (
    Compiled,
    Request,
    Source,
    _graph_context,
    build,
    check_request,
    compile_request,
    plan_context,
)
from taskgraph_core.profile.model import Profile
from taskgraph_core.rules import GRAPH_RULES
from taskgraph_core.scheduler import RULES
from taskgraph_core.taskmaster.document import parse
from taskgraph_core.taskmaster.locate import Location
from taskgraph_core.taskmaster.plan import BareNumber, Plan, read_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from types import ModuleType

    from taskgraph_core.findings import Finding
    from taskgraph_core.ir import TaskGraph

# --- writing a plan ---------------------------------------------------------------------

FORMS: dict[str, Callable[[list[Any]], Any]] = {
    "tagged": lambda tasks: {"master": {"tasks": tasks, "metadata": {"created": "2026-01-01"}}},
    "flat": lambda tasks: {"tasks": tasks},
    "flat with root keys": lambda tasks: {"project": "site", "version": "1.0", "tasks": tasks, "meta": {"count": 3}},
    "wrapped tags": lambda tasks: {"version": 2, "tags": {"master": {"tasks": tasks}}},
    "list a tag": lambda tasks: {"master": tasks},
    "root list": lambda tasks: tasks,
    "flat beside tags": lambda tasks: {"tasks": tasks, "other": {"tasks": []}},
}
"""Every form a plan is written in, made from its list of tasks."""

TAGS = {"flat beside tags": "(root)"}
"""What to call the list of tasks in a form; everywhere else it is ``master``."""


def task(task_id: object, *subtasks: dict[str, Any], deps: Iterable[object] = (), **fields: Any) -> dict[str, Any]:
    """A raw task; ``fields`` replaces or adds keys, a None takes one away."""
    raw = {"id": task_id, "title": f"Task {task_id}", "status": "pending", "dependencies": list(deps)}
    if subtasks:
        raw["subtasks"] = list(subtasks)
    return {key: value for key, value in (raw | fields).items() if value is not None}


def plan_text(tasks: list[Any], form: str = "tagged") -> str:
    return json.dumps(FORMS[form](tasks))


def plan_file(folder: Path, tasks: list[Any], form: str = "tagged", place: str = "tasks.json") -> Path:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(plan_text(tasks, form), encoding="utf-8")
    return path


# --- reading it back --------------------------------------------------------------------


def source_of(tasks: list[Any], *, profile: dict[str, Any] | None = None, text: str = "") -> Source:
    """What was read, without a file; ``text`` is the whole plan as written, in place of ``tasks``."""
    document = parse(text or plan_text(tasks), "plan")
    return Source(Location(None, Path("nowhere")), document, Profile.model_validate(profile or {}), bool(profile))


def graph_of_plan(*tasks: dict[str, Any], profile: dict[str, Any] | None = None, **request: Any) -> TaskGraph:
    return compiled(*tasks, profile=profile, **request).graph


def compiled(*tasks: dict[str, Any], profile: dict[str, Any] | None = None, **request: Any) -> Compiled:
    """Compile tasks that stand in no file."""
    return compile_request(
        Request(**{"spec": "-", "tag": "master", **request}), source_of(list(tasks), profile=profile)
    )


def understood(*tasks: Any, reading: BareNumber = "sibling", text: str = "") -> Plan:
    """The plan as ``read_plan`` understands it."""
    document = parse(text or plan_text(list(tasks)), "plan")
    return read_plan(next(iter(document.tags.values())), "plan", reading)


def edges(graph: TaskGraph) -> dict[str, tuple[str, ...]]:
    return {one.id: one.depends_on for one in graph.tasks}


def found(rule: ModuleType, *tasks: Any, profile: dict[str, Any] | None = None, text: str = "") -> list[Finding]:
    """What one rule has to say about a plan, or about the graph made of it."""
    request = Request("-", tag="master")
    source = source_of(list(tasks), profile=profile, text=text)
    context = plan_context(request, source)
    if rule.check in GRAPH_RULES:
        return list(rule.check(_graph_context(source, build(request, source, context))))
    return list(rule.check(context))


def findings_of(text: str, **profile: Any) -> list[Finding]:
    """What a full check has to say about a plan as written."""
    return check_request(Request("-", tag="master"), source_of([], text=text, profile=profile))


def assert_sound(graph: TaskGraph) -> None:
    """Every task once, every edge once and between tasks there are, nothing in a circle."""
    assert len(graph.by_id) == len(graph.tasks)
    assert all(other in graph.by_id for one in graph.tasks for other in one.depends_on)
    assert all(len(set(one.depends_on)) == len(one.depends_on) for one in graph.tasks)
    assert Topology.of(graph).acyclic


def waits_for_all(graph: TaskGraph, through: Collection[str] = RULES) -> dict[str, set[str]]:
    """For each task of an acyclic graph everything it waits for; ``through`` tasks with these rules, however far."""
    reach: dict[str, set[str]] = {}
    for start in graph.tasks:
        seen: set[str] = set()
        work = list(start.depends_on)
        while work:
            other = work.pop()
            if other not in seen:
                seen.add(other)
                work.extend(graph.by_id[other].depends_on if graph.by_id[other].trigger_rule in through else ())
        reach[start.id] = seen
    return reach


# --- plans for laws ---------------------------------------------------------------------

HOSTILE = (
    "'\"\"\"'''\\",
    "a\nimport os",
    "a\rb",
    "x\u2028y\x85\x0c",
    "\x00",
    "\ud800",
    "\udc00\ud800",
    "\u202e\U000e0041\u200b",
    "\x1b[2J\x1b]0;owned\x07",
    "coding: utf-7 +AAo-import os",
    "\u00e1",
    "a\u0301",
    "Stra\u00dfe",
    "STRASSE",
    "\u212a",
    "a b",
    "a/b",
    "\u65e5\u672c",
    "01",
    "\uff11",
    "\u00b2",
    "9" * 251,
    "x" * 10_000,
    "../../x",
    "*",
    "[",
    "=",
    "__class__",
    "__proto__",
    "constructor",
    "",
    " ",
    "1,2",
    "1.1.1",
    ".",
    "-rf",
)
"""Text that broke one program or another."""

TEXT = st.one_of(st.text(max_size=8), st.sampled_from(HOSTILE))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([10**30, -(10**400), 1.0, 8.1, 1e308, -0.0]),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


def _mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any] = JSON_VALUES) -> st.SearchStrategy[Any]:
    return st.integers(1, 24).flatmap(lambda number: odd if number == 24 else usual)


_IDS = _mostly(st.one_of(st.integers(1, 6), st.sampled_from(["1", "2", "1.1", "2.1", "1.2", 1.1, 2.2, "3.1"])), TEXT)
_WORDS = st.sampled_from(
    ["pending", "Done", "in_progress", "review", "blocked", "deferred", "cancelled", "completed", "high", "P0", "odd"]
)
_OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "estimate": st.sampled_from(["5m", 1.5, -1, 10**400]),
        "command": st.sampled_from(["true", ["true"], []]),
        "python": st.sampled_from(["a:b", {"call": "a:b", "kwargs": {"n": [1.5]}}, "a"]),
        "priority": _WORDS,
        "trigger_rule": st.sampled_from(["all_done", "one_failed", "never"]),
        "claims": st.dictionaries(TEXT, st.sampled_from([0, 1, "write"]), max_size=2),
    },
)


def _raw_tasks(subtasks: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with the keys of tasks, each now and then of any kind at all."""
    return st.fixed_dictionaries(
        {"id": _mostly(_IDS)},
        optional={
            "title": JSON_VALUES,
            "description": JSON_VALUES,
            "details": JSON_VALUES,
            "testStrategy": JSON_VALUES,
            "status": _mostly(_WORDS),
            "priority": _mostly(_WORDS),
            "dependencies": _mostly(st.lists(_IDS, max_size=2)),
            "subtasks": _mostly(subtasks),
            "tags": JSON_VALUES,
            "complexity": SCALARS,
            "relevantFiles": JSON_VALUES,
            "metadata": st.one_of(JSON_VALUES, st.fixed_dictionaries({"taskgraph": _mostly(_OVERRIDES)})),
        },
    )


def _list_of(tasks: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[list[Any]]:
    unlike = st.lists(tasks, max_size=most, unique_by=lambda raw: str(raw["id"]))
    return _mostly(unlike, st.lists(st.one_of(tasks, JSON_VALUES), max_size=most))


def raw_plans() -> st.SearchStrategy[list[Any]]:
    """Lists of what may be tasks: right, nearly right, and now and then nothing like it."""
    return _list_of(_raw_tasks(_list_of(_raw_tasks(st.just([])), 3)), 6)


@st.composite
def sound_plans(draw: st.DrawFn, statuses: tuple[str, ...] = ("pending",)) -> list[dict[str, Any]]:
    """Plans without a mistake: tasks in any order, subtasks that wait for siblings, tasks and others' subtasks."""
    size = draw(st.integers(1, 6))
    order = draw(st.permutations([*range(11, 11 + size)]))
    tasks: list[dict[str, Any]] = []
    earlier: list[str] = []
    for number in order:
        own = draw(_some(earlier))
        siblings: list[dict[str, Any]] = []
        for position in range(1, draw(st.integers(0, 3)) + 1):
            deps = [*draw(_some([str(other) for other in range(1, position)])), *draw(_some(earlier))]
            siblings.append(task(position, deps=deps, status=draw(st.sampled_from(statuses))))
        tasks.append(task(number, *siblings, deps=own, status=draw(st.sampled_from(statuses))))
        earlier += [str(number), *(f"{number}.{sibling['id']}" for sibling in siblings)]
    return sorted(tasks, key=lambda raw: int(raw["id"]))


def _some(items: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(items), max_size=3, unique=True) if items else st.just([])


def subsets(ids: Iterable[str]) -> st.SearchStrategy[set[str]]:
    """Small ones, and nearly all of them."""
    items = sorted(ids)
    few = st.sets(st.sampled_from(items)) if items else st.just(set())
    return st.one_of(few, few.map(lambda without: set(items) - without))


def every_file(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What a folder holds, to see that nothing was written there."""
    for path in sorted(folder.rglob("*")):
        yield (str(path), path.read_bytes() if path.is_file() else b"")
