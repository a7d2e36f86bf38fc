"""Pictures of a graph: terminal tree, Mermaid, DOT, SVG, HTML."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.ir import TaskGraph

Format = Literal["tree", "mermaid", "dot", "svg", "html"]

FORMATS: dict[Format, str] = {
    "tree": "taskgraph_core.show.tree:text",
    "mermaid": "taskgraph_core.show.mermaid:mermaid",
    "dot": "taskgraph_core.show.dot:dot",
    "svg": "taskgraph_core.show.svg:svg",
    "html": "taskgraph_core.show.html:html",
}
"""Where the function for each format is, imported when it is asked for: most need what the others do not."""


def render(graph: TaskGraph, how: Format) -> str:
    """The graph as text of one format; the same graph gives the same text.

    Raises:
        InputError: the dependencies go in a circle.
    """
    module, _, name = FORMATS[how].partition(":")
    draw: Callable[[TaskGraph], str] = getattr(import_module(module), name)
    return draw(graph)
