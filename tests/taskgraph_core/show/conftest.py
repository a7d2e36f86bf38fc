"""Plans with groups of every kind, as a strategy, and one small plan that all golden files show."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import strategies as st

from taskgraph_core.ir import Claim, Command, Priority, Retry, Status, Task, TaskGraph, TriggerRule

HOSTILE = [
    "'\"\"\"'''\\",
    "a\nimport os\rb",
    "x\u2028y\u2029\x85\x0cz",
    "a\x00b",
    "\u202eabc\u2066\u200f",
    "zero\u200bwidth\U000e0041\ufeff",
    "\x1b[31mred\x1b]0;title\x07 \x9b1m",
    "coding: utf-7 +AAo-",
    'say "hi" ] end',
    "a---oops --> t1",
    'click t1 "javascript:alert(1)"',
    "%%{init: {'theme': 'forest'}}%%",
    "set direction TB",
    '"]; t9["',
    '"; URL="javascript:x"; x="',
    "\\N \\G \\",
    "<b>bold</b> &lt; &amp; #35; #quot;",
    "</title></script><script>alert(1)</script>",
    '" onload="alert(1)" x="',
    "<!-- ]]> -->",
    "=cmd|x [x](javascript:alert(1)) `code` **bold**",
    "日本語のとても長い題名です、" * 6,
    "\u05d1\u05e0\u05d4 \u0645\u0631\u062d\u0628\u0627",
    "\U0001f469\u200d\U0001f4bb joined",
    "W" * 3000,
    "",
]


@st.composite
def _plans(draw: st.DrawFn, *, texts: st.SearchStrategy[str]) -> TaskGraph:
    """Groups whose members depend on anything before them, and parents that close their group or do not."""
    sizes = draw(st.lists(st.integers(0, 4), max_size=5))
    turns = draw(st.permutations([group for group, size in enumerate(sizes) for _ in range(max(size, 1))]))
    ids: list[str] = []
    tasks: dict[str, Task] = {}
    members: dict[int, list[str]] = {}

    def add(task_id: str, needed: list[str], group: str | None) -> None:
        others = draw(st.lists(st.sampled_from(ids), max_size=3)) if ids else []
        tasks[task_id] = Task(
            id=task_id,
            title=draw(texts),
            description=draw(texts),
            depends_on=(*needed, *others),
            group=group,
            status=draw(st.sampled_from(get_args(Status))),
            priority=draw(st.sampled_from(get_args(Priority))),
            trigger_rule=draw(st.sampled_from(["all_success"] * 4 + list(get_args(TriggerRule)))),
            estimate=draw(st.sampled_from([0.0, 60.0, 90_000.0])),
            claims=(Claim(resource=draw(texts) or "db"),),
        )
        ids.append(task_id)

    for group in turns:
        inside = members.setdefault(group, [])
        if not sizes[group]:
            add(f"{group}", [], None)
            continue
        add(f"{group}.{len(inside)}", [], f"{group}")
        inside.append(ids[-1])
        if len(inside) == sizes[group]:
            add(f"{group}", inside[draw(st.sampled_from([0, 0, 0, 1])) :], None)
    return TaskGraph(id="random", title=draw(texts), tasks=tuple(tasks[task_id] for task_id in sorted(ids)))


@pytest.fixture(scope="session")
def plans() -> st.SearchStrategy[TaskGraph]:
    return _plans(texts=st.sampled_from(["A title", "A rather longer title of a task that needs more than one line"]))


@pytest.fixture(scope="session")
def hostile_plans() -> st.SearchStrategy[TaskGraph]:
    return _plans(texts=st.sampled_from(HOSTILE) | st.text(max_size=30))


@pytest.fixture(scope="session")
def example() -> TaskGraph:
    """Every kind of thing a picture shows."""
    release = Command(argv=("make", "release"))
    return TaskGraph(
        id="example",
        title="Ship <the> release",
        tasks=(
            Task(id="1", title="Set up the project", status="done", estimate=60),
            Task(
                id="2",
                title="Build the service",
                status="in-progress",
                priority="high",
                depends_on=("2.2", "2.3"),
            ),
            Task(
                id="2.1",
                title="Write the API",
                group="2",
                depends_on=("1",),
                status="done",
                estimate=5400,
                claims=(Claim(resource="file:api.py", mode="write"), Claim(resource="db", slots=2)),
            ),
            Task(id="2.2", title='Test "everything" & more', group="2", depends_on=("2.1",), priority="critical"),
            Task(id="2.3", title="ドキュメントを書く", group="2", depends_on=("2.1",), status="review"),
            Task(id="3", title="Design the page", depends_on=("1",), status="blocked", priority="low"),
            Task(id="4", title="Clean up, whatever happens", depends_on=("1", "2", "3"), trigger_rule="all_done"),
            Task(
                id="5",
                title="Release",
                description="Tag it,\nand tell everybody.",
                depends_on=("1", "2", "3"),
                action=release,
                retry=Retry(attempts=3),
                timeout=600,
                rollback=Command(argv=("make", "retract")),
            ),
            Task(id="6", title="Write a post about it", status="cancelled"),
            Task(id="7", title="Think about what comes next", status="deferred"),
        ),
    )
