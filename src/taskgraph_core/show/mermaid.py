"""The graph as a Mermaid flowchart, which many forges and editors draw where it stands in Markdown.

Nothing of a plan is syntax: tasks are ``t1``, ``t2`` …, and in a label every character that could
be more than itself (a quote, a bracket, the percent signs of a directive, Markdown, HTML) is
written as Mermaid's ``#code;``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from taskgraph_core.show.describe import counts
from taskgraph_core.show.palette import PRIORITIES, STATUSES
from taskgraph_core.show.picture import picture_of
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.show.picture import Edge, Picture

MOST_EDGES = 500
"""Above this a viewer refuses to draw unless it is configured to; a diagram may not configure it."""

_NOT_ITSELF = re.compile(
    r"[\x22-\x26\x2a\x2b\x3a-\x3e\x40\x5b-\x60\x7b-\x7e]"
    r"|(?<![^\W_])-|-(?![^\W_])"  # a hyphen, except inside a word
    r"|d(?=irection)"  # Mermaid reads "direction TB" anywhere in a line, also inside quotes
)


def mermaid(graph: TaskGraph) -> str:
    """The text of a flowchart, left to right.

    Raises:
        InputError: the dependencies go in a circle.
    """
    picture = picture_of(graph)
    names = {task.id: f"t{number}" for number, task in enumerate(graph.tasks, 1)}
    lines = ["flowchart LR", f"    accTitle: {graph.id}", f"    accDescr: {counts(picture)}"]
    if len(picture.edges) > MOST_EDGES:
        lines.append(f"    %% {len(picture.edges)} edges: the viewer's maxEdges has to be raised")
    for task in picture.outside:
        box = picture.boxes.get(task.id)
        if box is None:
            lines.append(f"    {_node(task, names)}")
            continue
        lines.append(f"    subgraph {names[task.id]}[{_label(task)}]")
        lines += [f"        {_node(member, names)}" for member in box.members]
        if box.shows_end:
            lines.append(f'        {names[task.id]}_end(["{escaped(clipped(task.id))} ends"])')
        lines.append("    end")
    lines += [f"    {_edge(edge, picture, names)}" for edge in picture.edges]
    lines += _looks(graph, names)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that is nothing but itself inside a quoted label.

    The ligature is one sign of those that Mermaid itself writes for a code, and would be read as one.
    """
    return _NOT_ITSELF.sub(lambda found: f"#{ord(found[0])};", plain(text).replace("\N{LATIN SMALL LIGATURE FL}", "fl"))


def _node(task: Task, names: dict[str, str]) -> str:
    return f"{names[task.id]}[{_label(task)}]"


def _label(task: Task) -> str:
    """Status, id, title; the sign in front also keeps ``1.`` and ``-`` from beginning a list."""
    words = [STATUSES[task.status].sign, escaped(clipped(task.id)), escaped(clipped(task.title))]
    words += [
        PRIORITIES[task.priority],
        "" if task.trigger_rule == "all_success" else escaped(f"({task.trigger_rule})"),
    ]
    return f'"{" ".join(filter(None, words))}"'


def _edge(edge: Edge, picture: Picture, names: dict[str, str]) -> str:
    into_end = edge.target in picture.boxes and not edge.entering
    return f"{names[edge.source]} --> {names[edge.target]}{'_end' if into_end else ''}"


def _looks(graph: TaskGraph, names: dict[str, str]) -> list[str]:
    """A class for each status: coloured borders, which suit a light and a dark ground."""
    lines = []
    for number, (status, look) in enumerate(STATUSES.items(), 1):
        having = [names[task.id] for task in graph.tasks if task.status == status]
        if having:
            dashes = ",stroke-dasharray:4 3" if status in ("deferred", "cancelled") else ""
            lines.append(f"    classDef s{number} stroke:{look.light},stroke-width:2px{dashes}")
            lines.append(f"    class {','.join(having)} s{number}")
    return lines
