"""The graph in Graphviz's language, for those who want its layouts.

Nothing of a plan is syntax: tasks are ``t1``, ``t2`` …, and labels are quoted strings in which a
backslash, a quote and an ampersand stand for themselves. A group is a cluster that ends in a
point, the parent itself; edges into and out of a group stop at the cluster's border (``compound``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.show.palette import PRIORITIES, STATUSES
from taskgraph_core.show.picture import picture_of
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.show.picture import Box, Edge, Picture

_LINE = 28


def dot(graph: TaskGraph) -> str:
    """The text of a directed graph, left to right.

    Raises:
        InputError: the dependencies go in a circle.
    """
    picture = picture_of(graph)
    names = {task.id: f"t{number}" for number, task in enumerate(graph.tasks, 1)}
    lines = [
        f'digraph "{graph.id}" {{',
        "    graph [rankdir=LR, compound=true, fontname=Helvetica, fontsize=11, nodesep=0.2, ranksep=0.6]",
        '    node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica, fontsize=10]',
        '    edge [color="#6b7280", arrowsize=0.6]',
    ]
    for task in picture.outside:
        box = picture.boxes.get(task.id)
        lines += _cluster(box, names) if box else [f"    {_node(task, names)}"]
    lines += [f"    {_edge(edge, picture, names)}" for edge in picture.edges]
    return "\n".join([*lines, "}"]) + "\n"


def escaped(text: str) -> str:
    """Text that Graphviz shows as it is, for inside a quoted string."""
    return plain(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def _cluster(box: Box, names: dict[str, str]) -> list[str]:
    """A group; dotted lines lead from its last members to its end where no edges do."""
    end = names[box.parent.id]
    colour = STATUSES[box.parent.status].light
    lines = [f"    subgraph cluster_{end} {{"]
    lines.append(f'        label={_label(box.parent)}; labeljust=l; style=rounded; color="{colour}"')
    lines += [f"        {_node(member, names)}" for member in box.members]
    lines.append(f'        {end} [shape=point, width=0.08, fillcolor="{colour}", color="{colour}"]')
    if not box.shows_end:
        waited_for = {other for member in box.members for other in member.depends_on}
        last = [names[member.id] for member in box.members if member.id not in waited_for]
        lines.append(f"        {{{' '.join(last)}}} -> {end} [style=dotted, arrowhead=none]")
    return [*lines, "    }"]


def _node(task: Task, names: dict[str, str]) -> str:
    look = STATUSES[task.status]
    style = ', style="rounded,filled,dashed"' if task.status in ("deferred", "cancelled") else ""
    return f'{names[task.id]} [label={_label(task)}, color="{look.light}"{style}]'


def _label(task: Task) -> str:
    """Status and id, then the title in short lines."""
    mark = PRIORITIES[task.priority]
    rule = "" if task.trigger_rule == "all_success" else f" ({task.trigger_rule})"
    head = f"{STATUSES[task.status].sign} {clipped(task.id)}{' ' + mark if mark else ''}{rule}"
    rows = [head]
    row = ""
    for word in clipped(task.title).split():
        if row and len(row) + 1 + len(word) > _LINE:
            rows.append(row)
            row = word
        else:
            row = f"{row} {word}".strip()
    rows += [row] if row else []
    return '"' + "\\n".join(map(escaped, rows)) + '"'


def _edge(edge: Edge, picture: Picture, names: dict[str, str]) -> str:
    """Between nodes; cut at the border of a cluster where it stands for the whole of it."""
    target = names[edge.target]
    facts = []
    if edge.source in picture.boxes and picture.home.get(edge.target) != edge.source:
        facts.append(f"ltail=cluster_{names[edge.source]}")
    if edge.entering:
        facts.append(f"lhead=cluster_{target}")
        target = names[picture.boxes[edge.target].first[0]]
    return f"{names[edge.source]} -> {target}" + (f" [{', '.join(facts)}]" if facts else "")
