"""The plan as an artifact of Prefect: a table that says every task, and a drawing."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from prefect.artifacts import create_markdown_artifact

from taskgraph_core.show.describe import action_words, claim_words, counted
from taskgraph_core.show.mermaid import MOST_EDGES, mermaid
from taskgraph_core.show.text import clipped

if TYPE_CHECKING:
    from uuid import UUID

    from taskgraph_core.ir import TaskGraph

MOST_ROWS = 1000
"""Tasks that the table shows; a page with more is of no use to anybody."""

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def plan_artifact(graph: TaskGraph) -> UUID:
    """Leave a plan with the flow run that calls this; the artifact's id."""
    text, about = plan_markdown(graph), f"The plan {graph.id}, fingerprint {graph.fingerprint}."
    made: UUID = create_markdown_artifact(text, key=artifact_key(graph), description=about)
    return made


def artifact_key(graph: TaskGraph) -> str:
    """Keys are of lower-case letters, digits and hyphens; an id that had to be changed ends with its digest."""
    slug = re.sub(r"[^a-z0-9]+", "-", graph.id.lower()).strip("-")
    if slug != graph.id:
        slug += f"-{hashlib.sha256(graph.id.encode()).hexdigest()[:8]}"
    return f"taskgraph-{slug.lstrip('-')}"


def plan_markdown(graph: TaskGraph) -> str:
    """The table and the drawing; nothing of the plan is markup."""
    lines = [
        "| Task | Title | Waits for | Does | Uses |",
        "| --- | --- | --- | --- | --- |",
    ]
    for task in graph.tasks[:MOST_ROWS]:
        cells = (
            task.id,
            task.title,
            ", ".join(task.depends_on) + ("" if task.trigger_rule == "all_success" else f" ({task.trigger_rule})"),
            action_words(task.action),
            ", ".join(map(claim_words, task.claims)),
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    if (left := len(graph.tasks) - MOST_ROWS) > 0:
        lines += ["", f"and {counted(left, 'task')} more"]
    if sum(len(task.depends_on) for task in graph.tasks) <= MOST_EDGES:
        lines += ["", "```mermaid", mermaid(graph).rstrip("\n"), "```"]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text of which no character is markup: every sign that could be is written by its number."""
    return _PUNCTUATION.sub(lambda sign: sign[0] if sign[0] in ",-" else f"&#{ord(sign[0])};", clipped(text, 200))
