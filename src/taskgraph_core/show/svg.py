"""The graph as an SVG: one file, no scripts, nothing loaded, light or dark as the reader's screen is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import WIDTH
from taskgraph_core.show.cards import drawn_block
from taskgraph_core.show.describe import counts, left_out_words
from taskgraph_core.show.layout import layout_of
from taskgraph_core.show.lettering import fitted, width, wrap
from taskgraph_core.show.markup import element, escaped
from taskgraph_core.show.palette import STATUSES
from taskgraph_core.show.picture import picture_of
from taskgraph_core.show.signs import sign
from taskgraph_core.show.style import css
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.show.layout import Layout, Wire
    from taskgraph_core.show.picture import Picture

_MARGIN = 28
_HEADING = 56
_LEAST_WIDTH = 640
_NOTE_SIZE, _NOTE_LINE = 11.0, 16
_MOST_NOTE_WIDTH = 1100

_ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="10" markerHeight="10"'
    ' markerUnits="userSpaceOnUse" orient="auto">'
    '<path class="arrow" d="M0 .5L8 4 0 7.5Z"/></marker>'
)


def svg(graph: TaskGraph) -> str:
    """A whole SVG file.

    Raises:
        InputError: the dependencies go in a circle.
    """
    return drawing(picture_of(graph))


def drawing(picture: Picture, *, heading: bool = True) -> str:
    """The SVG of a picture; without a heading it stands in a page that has one."""
    layout = layout_of(picture)
    number = {task.id: at for at, task in enumerate(picture.graph.tasks)}
    title = plain(picture.graph.title) or picture.graph.id
    top = _MARGIN + heading * _HEADING
    span = max(layout.width, _LEAST_WIDTH)
    legend, depth = _legend(picture, top + layout.height + _MARGIN, span)
    width, height = span + 2 * _MARGIN, top + layout.height + _MARGIN + depth + _MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    role = f'role="{"img" if heading else "group"}" aria-labelledby="graph-title graph-desc"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {role}>',
        element("title", escaped(title), id="graph-title"),
        element("desc", escaped(f"{counts(picture)}. {_reading(picture)}"), id="graph-desc"),
        element("style", css()),
        element("defs", _ARROW),
        element("rect", class_="ground", width=width, height=height),
    ]
    if heading:
        parts.append(element("text", escaped(fitted(title, span / 18)), class_="heading", x=_MARGIN, y=_MARGIN + 16))
        parts.append(element("text", counts(picture), class_="fact", x=_MARGIN, y=_MARGIN + 34))
    parts.append(f'<g transform="translate({_MARGIN} {top})">')
    parts += _frames(layout)
    parts += _wires(layout, picture, number)
    parts += [drawn_block(placed, number) for placed in layout.blocks]
    return "\n".join([*parts, "</g>", legend, "</svg>", ""])


def _reading(picture: Picture) -> str:
    """How to read it, as far as this picture needs it."""
    words = [] if picture.graph.tasks else ["There are no tasks."]
    if picture.edges or picture.boxes:
        words.append("An arrow leads from a task to one that waits for it.")
    if picture.boxes:
        words.append(
            "A box is a task with its subtasks: an arrow into it leads to the first of them, "
            "an arrow out of it leaves when the last is done."
        )
    words.append(left_out_words(picture))
    return " ".join(words).strip()


def _frames(layout: Layout) -> list[str]:
    """The grounds of the boxes, under the wires."""
    return [
        element("rect", class_="frame", x=placed.x, y=placed.y, width=WIDTH, height=placed.block.height, rx=9)
        for placed in layout.blocks
        if placed.block.is_box
    ]


def _wires(layout: Layout, picture: Picture, number: dict[str, int]) -> list[str]:
    """The edges between blocks; each says from which task and to which tasks it leads."""
    lines = []
    for wire in layout.wires:
        edge = wire.edge
        ends = picture.boxes[edge.target].first if edge.entering else (edge.target,)
        lines.append(
            element(
                "path",
                class_="wire",
                d=_down(wire) if wire.down else _curve(wire.points),
                data_from=number[edge.source],
                data_to=" ".join(str(number[end]) for end in ends),
                marker_end="url(#arrow)",
            )
        )
    return lines


def _down(wire: Wire) -> str:
    (x, start), (_, end) = wire.points
    return f"M{x} {start}V{end}"


def _curve(points: Sequence[tuple[int, int]]) -> str:
    """Swings from point to point between columns, straight lines through columns."""
    x, y = points[0]
    path = [f"M{x} {y}"]
    for at, (right, below) in enumerate(points[1:]):
        if at % 2:
            path.append(f"H{right}")
        else:
            bend = round((right - x) * 0.5)
            path.append(f"C{x + bend} {y} {right - bend} {below} {right} {below}")
        x, y = right, below
    return "".join(path)


def _legend(picture: Picture, top: int, span: int) -> tuple[str, int]:
    """The signs that occur and how to read the picture; and how high that is."""
    present = {task.status for task in picture.graph.tasks}
    drawn = []
    x, y = float(_MARGIN + 6), top + 6
    for status in STATUSES:
        if status in present:
            label = element("text", status, class_="fact", x=f"{x + 11:g}", y=y + 4)
            drawn.append(element("g", sign(status, x, y) + label, class_=status))
            x += 11 + width(status) * _NOTE_SIZE + 22
    room = min(span, _MOST_NOTE_WIDTH) / _NOTE_SIZE
    y += 10
    for line in wrap(_reading(picture), room, 8):
        y += _NOTE_LINE
        drawn.append(element("text", escaped(line), class_="fact", x=_MARGIN, y=y))
    return element("g", "\n".join(drawn), class_="legend"), y - top
