from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from support.graphs import graph_of
from taskgraph_core.show.html import html

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def plan(graph: TaskGraph) -> str:
    found = re.search(r'<script type="application/json" id="plan">(.*?)</script>', html(graph), re.DOTALL)
    assert found
    return found[1]


def told(graph: TaskGraph) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = json.loads(plan(graph))["tasks"]
    return tasks


def test_the_policy_allows_exactly_the_styles_and_the_script_in_the_page(example: TaskGraph) -> None:
    page = html(example)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    allowed = {"default-src 'none'", "base-uri 'none'", "form-action 'none'"}
    for kind in ("style", "script"):
        sources = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in sources]
        allowed.add(" ".join([f"{kind}-src", *(f"'sha256-{digest}'" for digest in digests)]))

    assert set(policy[1].split("; ")) == allowed


def test_nothing_is_loaded_from_anywhere(example: TaskGraph) -> None:
    page = html(example).replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert not re.search(r"https?:|//[a-z]|@import|\bsrc=|\bhref=|url\((?!#)", page)


def test_the_page_tells_all_about_a_task(example: TaskGraph) -> None:
    tasks = told(example)

    assert tasks[7] == {
        "id": "5",
        "title": "Release",
        "facts": "pending · medium priority · up to 3 attempts · at most 10 min each",
        "description": "Tag it,\nand tell everybody.",
        "details": "",
        "test_strategy": "",
        "before": [0, 1, 5],
        "group": None,
        "action": "make release",
        "claims": [],
        "rollback": "make retract",
    }
    assert tasks[2]["claims"] == ["writes file:api.py", "db \N{MULTIPLICATION SIGN} 2"]
    assert tasks[2]["group"] == 1


def test_the_plan_cannot_end_the_element_it_stands_in() -> None:
    title = "</script><script>alert(1)</script><!-- ]]>"
    graph = graph_of("1", tasks={"1": {"title": title}})

    assert told(graph)[0]["title"] == title
    assert "<" not in plan(graph)


def test_what_the_script_will_write_is_plain_text_too() -> None:
    hostile = "\u202e\x1b[2J"
    [task] = told(graph_of("1", tasks={"1": {"id": hostile, "title": hostile, "description": f"{hostile}\n{hostile}"}}))

    assert (task["id"], task["title"]) == ("\ufffd\ufffd[2J", "\ufffd\ufffd[2J")
    assert task["description"] == "\ufffd\ufffd[2J\n\ufffd\ufffd[2J"
