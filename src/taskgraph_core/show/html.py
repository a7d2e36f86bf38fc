"""The graph as one page: the SVG with zoom and filter, what leads to a task and follows from it, its details.

The page loads nothing and may load nothing: its Content-Security-Policy allows the script and the
styles in it by their hashes and forbids everything else. The plan's texts stand in it as JSON in
which no ``<`` occurs, and the script only ever writes them as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from taskgraph_core.duration import human
from taskgraph_core.show.describe import action_words, claim_words, counts
from taskgraph_core.show.markup import escaped
from taskgraph_core.show.picture import picture_of
from taskgraph_core.show.style import css
from taskgraph_core.show.svg import drawing
from taskgraph_core.show.text import plain, plain_lines

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1 dir="auto">{title}</h1>
<p>{counts}</p>
<div class="tools">
<span id="found" role="status"></span>
<input id="filter" type="search" placeholder="Filter tasks" aria-label="Filter tasks">
<button id="smaller" type="button" aria-label="Zoom out">&minus;</button>
<button id="fit" type="button">Fit</button>
<button id="larger" type="button" aria-label="Zoom in">+</button>
</div>
</header>
<main id="view">
{drawing}</main>
<aside id="panel" aria-label="The chosen task">
<p class="facts">Point at a task to see what it waits for and what waits for it; choose it to read about it here. \
Keyboard: Tab from task to task, left and right along the arrows, Enter to choose, Escape to let go.</p>
</aside>
<script type="application/json" id="plan">{plan}</script>
<script>{script}</script>
</body>
</html>
"""


def html(graph: TaskGraph) -> str:
    """A whole HTML file.

    Raises:
        InputError: the dependencies go in a circle.
    """
    picture = picture_of(graph)
    style, script = _resource("page.css"), _resource("page.js")
    return _PAGE.format(
        policy=(
            f"default-src 'none'; style-src {_hash(style)} {_hash(css())}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        title=escaped(graph.title or graph.id),
        style=style,
        counts=counts(picture),
        drawing=drawing(picture, heading=False),
        plan=_plan(graph),
        script=script,
    )


@cache
def _resource(name: str) -> str:
    return files("taskgraph_core.show").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """A source expression that allows exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _plan(graph: TaskGraph) -> str:
    """The tasks as JSON that cannot end the element it stands in."""
    number = {task.id: at for at, task in enumerate(graph.tasks)}
    text = json.dumps({"tasks": [_told(task, number) for task in graph.tasks]}, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _told(task: Task, number: dict[str, int]) -> dict[str, Any]:
    """What the page tells about a task; other tasks are numbers."""
    before = dict.fromkeys(number[other] for other in task.depends_on if other in number)
    return {
        "id": plain(task.id),
        "title": plain(task.title),
        "facts": _facts(task),
        "description": plain_lines(task.description),
        "details": plain_lines(task.details),
        "test_strategy": plain_lines(task.test_strategy),
        "before": list(before),
        "group": number.get(task.group) if task.group is not None else None,
        "action": plain_lines(action_words(task.action)),
        "claims": [plain(claim_words(claim)) for claim in task.claims],
        "rollback": plain_lines(action_words(task.rollback)) if task.rollback else "",
    }


def _facts(task: Task) -> str:
    facts = [task.status, f"{task.priority} priority"]
    if task.estimate:
        facts.append(f"about {human(task.estimate)}")
    if task.trigger_rule != "all_success":
        facts.append(f"runs when {task.trigger_rule}")
    if task.retry.attempts > 1:
        facts.append(f"up to {task.retry.attempts} attempts")
    if task.timeout is not None:
        facts.append(
            f"at most {human(task.timeout)} each" if task.retry.attempts > 1 else f"at most {human(task.timeout)}"
        )
    return " · ".join([*facts, *map(plain, task.labels)])
