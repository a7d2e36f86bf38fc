"""One block of the picture as SVG: a card, or the head, rows and rails of a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.show.blocks import (
    PAD,
    PORT,
    RAIL_STEP,
    ROW_LINE,
    ROW_PORT,
    SIGN_ROOM,
    TITLE_LINE,
    WIDTH,
)
from taskgraph_core.show.lettering import fitted
from taskgraph_core.show.markup import element, escaped
from taskgraph_core.show.signs import sign
from taskgraph_core.show.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskgraph_core.ir import Task
    from taskgraph_core.show.blocks import Block, Line
    from taskgraph_core.show.layout import Placed
    from taskgraph_core.show.rails import Rail

_ID_ROOM = 9.0
_LONGEST_TITLE = 300
_BASE = 4
"""How far below the middle of a line its letters stand."""


def drawn_block(placed: Placed, number: Mapping[str, int]) -> str:
    """All of a block; each task carries its place in the graph as ``data-task``."""
    block = placed.block
    parts = [_head(block, number[block.head.task.id])]
    if block.rows:
        parts.append(element("path", class_="split", d=f"M0 {block.head.height}H{WIDTH}"))
    parts += [_rail(rail, block, number) for rail in block.rails]
    parts += [_row(row, block, number[row.task.id]) for row in block.rows]
    if block.end is not None:
        parts.append(_end(block, block.end))
    return element("g", "\n".join(parts), transform=f"translate({placed.x} {placed.y})")


def _head(block: Block, number: int) -> str:
    """The card of a task; that of a box has no ground of its own, the box has one."""
    task = block.head.task
    part, parts = block.part
    middle = PORT - 6
    drawn = [element("title", escaped(_tooltip(task)))]
    drawn.append(element("rect", class_="card", width=WIDTH, height=block.head.height, rx=9))
    drawn.append(sign(task.status, PAD + 6, middle))
    name = escaped(fitted(plain(task.id), _ID_ROOM))
    if task.trigger_rule != "all_success" and not block.is_box:
        name += element("tspan", f" {task.trigger_rule}", class_="rule")
    drawn.append(element("text", name, class_="id", x=PAD + 18, y=middle + _BASE))
    drawn.append(_facts(block.head, middle) if parts == 1 else _right(f"part {part} of {parts}", middle))
    for at, line in enumerate(block.head.title):
        drawn.append(element("text", escaped(line), class_="title", x=PAD, y=middle + 22 + at * TITLE_LINE))
    return element("g", "".join(drawn), class_=f"task {task.status}", data_task=number if part == parts else None)


def _row(row: Line, block: Block, number: int) -> str:
    task = row.task
    x = PAD + block.rail_room
    drawn = [element("title", escaped(_tooltip(task)))]
    drawn.append(element("rect", class_="row", x=1, y=row.top, width=WIDTH - 2, height=row.height, rx=5))
    drawn.append(sign(task.status, x + 6, row.top + ROW_PORT))
    for at, line in enumerate(row.title):
        shown, lead = escaped(line), escaped(task.id)
        if at == 0 and line.startswith(f"{plain(task.id)} "):
            shown = element("tspan", lead, class_="id") + shown[len(lead) :]
        y = row.top + ROW_PORT + _BASE + at * ROW_LINE
        drawn.append(element("text", shown, class_="title small", x=x + SIGN_ROOM, y=y))
    drawn.append(_facts(row, row.top + ROW_PORT))
    return element("g", "".join(drawn), class_=f"task {task.status}", data_task=number)


def _end(block: Block, top: int) -> str:
    """The parent's own start, as the last line of its box."""
    task = block.head.task
    x = PAD + block.rail_room
    rule = "" if task.trigger_rule == "all_success" else f" {task.trigger_rule}"
    label = f"{escaped(fitted(plain(task.id), _ID_ROOM))} ends" + element("tspan", rule, class_="rule")
    dot = element("circle", class_="port", cx=x + 6, cy=top + ROW_PORT, r=3.5)
    return dot + element("text", label, class_="fact", x=x + SIGN_ROOM, y=top + ROW_PORT + _BASE)


def _facts(line: Line, middle: float) -> str:
    """Priority and estimate, at the right."""
    mark = element("tspan", line.mark, class_=f"mark {line.task.priority}") if line.mark else ""
    return _right(" ".join(filter(None, [mark, line.estimate])), middle)


def _right(content: str, middle: float) -> str:
    if not content:
        return ""
    return element("text", content, class_="fact", x=WIDTH - PAD, y=middle + _BASE, text_anchor="end")


def _rail(rail: Rail, block: Block, number: Mapping[str, int]) -> str:
    """A line down between two rows' signs, straight or by way of a lane at their left."""
    middles = [row.top + ROW_PORT for row in block.rows]
    if block.end is not None:
        middles.append(block.end + ROW_PORT)
    x, start, stop = PAD + block.rail_room + 6, middles[rail.start], middles[rail.stop]
    if rail.lane == 0:
        path = f"M{x} {start + 8}V{stop - 8}"
    else:
        lane = x - 8 - min(rail.lane * RAIL_STEP, block.rail_room)
        out = f"M{x - 8} {start}H{lane + 5}Q{lane} {start} {lane} {start + 5}"
        path = f"{out}V{stop - 5}Q{lane} {stop} {lane + 5} {stop}H{x - 8}"
    edge = rail.edge
    return element(
        "path",
        class_="wire rail",
        d=path,
        data_from=number[edge.source],
        data_to=number[edge.target],
        marker_end="url(#arrow)",
    )


def _tooltip(task: Task) -> str:
    return f"{clipped(task.id)} {clipped(task.title, _LONGEST_TITLE)} ({task.status})"
