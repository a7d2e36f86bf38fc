"""The graph as a tree for the terminal: groups with their subtasks, and beside each task what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from taskgraph_core.duration import human
from taskgraph_core.show.describe import claim_words, counted, left_out_words
from taskgraph_core.show.palette import PRIORITIES, STATUSES
from taskgraph_core.show.picture import picture_of
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.show.picture import Edge, Picture

_MOST_IDS = 8
_LONGEST_TITLE = 160


def tree(graph: TaskGraph) -> Tree:
    """A renderable for rich's console.

    Raises:
        InputError: the dependencies go in a circle.
    """
    picture = picture_of(graph)
    waits_for = picture.waits_for
    heading = Text.assemble((plain(graph.title) or graph.id, "bold"), (f"  {counted(len(graph.tasks), 'task')}", "dim"))
    root = Tree(heading, guide_style="dim")
    for task in picture.outside:
        branch = root.add(_line(task, waits_for.get(task.id, []), picture))
        if box := picture.boxes.get(task.id):
            for member in box.members:
                branch.add(_line(member, waits_for.get(member.id, []), picture))
    if picture.left_out:
        root.add(Text(left_out_words(picture), "dim italic"))
    return root


def text(graph: TaskGraph, width: int = 100) -> str:
    """The tree as plain text, at most ``width`` columns wide.

    Raises:
        InputError: the dependencies go in a circle.
    """
    console = Console(width=width, color_system=None, legacy_windows=False, force_terminal=False)
    with console.capture() as capture:
        console.print(tree(graph))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _line(task: Task, edges: list[Edge], picture: Picture) -> Text:
    look = STATUSES[task.status]
    gone = "dim strike" if task.status == "cancelled" else "default"
    line = Text.assemble((look.sign, look.style), " ", (clipped(task.id), "bold"), " ")
    line.append(clipped(task.title, _LONGEST_TITLE), gone)
    if PRIORITIES[task.priority]:
        line.append(f" {PRIORITIES[task.priority]}", "red" if task.priority == "critical" else "yellow")
    line.append(_upstream("←", [edge for edge in edges if edge.entering or task.id not in picture.boxes]), "cyan")
    line.append(_upstream("ends ←", [edge for edge in edges if not edge.entering and task.id in picture.boxes]), "cyan")
    facts: list[str] = [] if task.trigger_rule == "all_success" else [task.trigger_rule]
    facts += [human(task.estimate)] if task.estimate else []
    facts += [clipped(claim_words(claim)) for claim in task.claims]
    line.append("".join(f"  {fact}" for fact in facts), "dim")
    return line


def _upstream(arrow: str, edges: list[Edge]) -> str:
    if not edges:
        return ""
    shown = ", ".join(clipped(edge.source) for edge in edges[:_MOST_IDS])
    more = f" and {len(edges) - _MOST_IDS} more" if len(edges) > _MOST_IDS else ""
    return f"  {arrow} {shown}{more}"
