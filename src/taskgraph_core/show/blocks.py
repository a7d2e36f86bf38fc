"""What stands in a picture as one piece: a card for a task, or a box with a head and a row for each subtask.

Sizes are in pixels and known before anything is placed, which is why text is broken into lines here.
Every block is as wide as every other, so that columns are columns.

Subtasks are rows under each other, not a layered drawing inside the layered drawing: in real plans
they are mostly chains of five, which side by side would make a picture ten times as wide as high.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskgraph_core.duration import human
from taskgraph_core.show.lettering import width, wrap
from taskgraph_core.show.palette import PRIORITIES
from taskgraph_core.show.parts import parts_of
from taskgraph_core.show.rails import Rail, rails_of
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from taskgraph_core.ir import Task
    from taskgraph_core.show.picture import Box, Edge, Picture

WIDTH = 284
PORT = 26
"""How far below the top of a card its edges begin and end."""
ROW_PORT = 13
"""The same for a row: the middle of its first line."""
PAD = 12
TITLE_SIZE, TITLE_LINE = 13.0, 17
ROW_SIZE, ROW_LINE = 12.0, 15
SIGN_ROOM = 18
RAIL_STEP = 9
_MOST_LANES = 12
_MOST_LINES = 2
_MOST_ROWS = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One task's place in a block: its strip of it, its title in lines, and what stands at their right."""

    task: Task
    top: int
    height: int
    title: tuple[str, ...]
    mark: str
    estimate: str


@dataclass(frozen=True, slots=True)
class Block:
    """A card (no rows) or a box.

    Attributes:
        head: the card itself, or what titles the box.
        height: of the whole.
        rows: the subtasks.
        rails: the edges between the rows.
        rail_room: how much space at the rows' left the rails take.
        end: top of the strip that stands for the parent's own start, if it has to be seen.
        part: which part of its group this box is, and of how many.
    """

    head: Line
    height: int
    rows: tuple[Line, ...] = ()
    rails: tuple[Rail, ...] = ()
    rail_room: int = 0
    end: int | None = None
    part: tuple[int, int] = (1, 1)

    @property
    def is_box(self) -> bool:
        """Whether it has room for more than its head."""
        return self.height > self.head.height


@dataclass(frozen=True, slots=True)
class Blocks:
    """All blocks, and where each task's edges end.

    Attributes:
        blocks: in the graph's order.
        place: number of the block and distance from its top, for edges out of a task and into a task, by its id.
        entry: the same for edges into a box, by the parent's id.
        end: the same for edges into the end of a box.
        after: pairs of blocks of which the second has to stand behind the first though no edge says so.
    """

    blocks: list[Block]
    place: dict[str, tuple[int, int]] = field(default_factory=dict)
    entry: dict[str, tuple[int, int]] = field(default_factory=dict)
    end: dict[str, tuple[int, int]] = field(default_factory=dict)
    after: list[tuple[int, int]] = field(default_factory=list)


def blocks_of(picture: Picture) -> Blocks:
    """Cut a picture into blocks."""
    parts = parts_of(picture)
    inside = _edges_inside(picture)
    made = Blocks([])
    for task in picture.outside:
        box = picture.boxes.get(task.id)
        if box is None:
            head = _head(task)
            made.place[task.id] = (len(made.blocks), PORT)
            made.blocks.append(Block(head, head.height))
        else:
            _add_box(made, box, parts, inside.get(task.id, []))
    return made


def _add_box(made: Blocks, box: Box, parts: dict[str, int], inside: list[Edge]) -> None:
    """A box, or its parts one after the other; the parent belongs to the last."""
    cuts = _cuts(box, parts)
    made.entry[box.parent.id] = (len(made.blocks), PORT)
    for at, members in enumerate(cuts, 1):
        block = _box(box, members, (at, len(cuts)), inside)
        if at > 1:
            made.after.append((len(made.blocks) - 1, len(made.blocks)))
        for row in block.rows:
            made.place[row.task.id] = (len(made.blocks), row.top + ROW_PORT)
        made.blocks.append(block)
    last = len(made.blocks) - 1
    made.place[box.parent.id] = (last, PORT)
    if block.end is not None:
        made.end[box.parent.id] = (last, block.end + ROW_PORT)


def _cuts(box: Box, parts: dict[str, int]) -> list[list[Task]]:
    """The members of each part. A part with too many rows is cut again, anywhere: the rows are in order."""
    cuts = []
    for number in sorted({parts[task.id] for task in (*box.members, box.parent)}):
        members = [member for member in box.members if parts[member.id] == number]
        pieces = max(1, math.ceil(len(members) / _MOST_ROWS))
        size = max(1, math.ceil(len(members) / pieces))
        cuts += [members[start : start + size] for start in range(0, max(1, len(members)), size)]
    return cuts


def _edges_inside(picture: Picture) -> dict[str, list[Edge]]:
    """The edges between members of one box, and from them to its end, by the box."""
    inside: dict[str, list[Edge]] = {}
    for edge in picture.edges:
        box = picture.home.get(edge.source)
        if box is not None and picture.home.get(edge.target, edge.target) == box:
            inside.setdefault(box, []).append(edge)
    return inside


def _head(task: Task) -> Line:
    title = tuple(wrap(plain(task.title), (WIDTH - 2 * PAD) / TITLE_SIZE, _MOST_LINES))
    height = max(PORT + 14 + TITLE_LINE * len(title), 2 * PORT)
    return Line(task, 0, height, title, PRIORITIES[task.priority], _estimate(task))


def _box(box: Box, members: list[Task], part: tuple[int, int], inside: list[Edge]) -> Block:
    head = _head(box.parent)
    shows_end = box.shows_end and part[0] == part[1]
    ids = [member.id for member in members] + ([box.parent.id] if shows_end else [])
    rails = rails_of(ids, inside)
    room = min(max((rail.lane for rail in rails), default=0), _MOST_LANES) * RAIL_STEP
    rows: list[Line] = []
    top = head.height + 7
    for member in members:
        rows.append(_row(member, box.parent, top, room))
        top += rows[-1].height
    end = top if shows_end else None
    return Block(head, top + 26 * shows_end + 7, tuple(rows), tuple(rails), room, end, part)


def _row(task: Task, parent: Task, top: int, rail_room: int) -> Line:
    """A subtask; that it is as urgent as its parent need not be said again."""
    mark = PRIORITIES[task.priority] if task.priority != parent.priority else ""
    estimate = _estimate(task)
    taken = width(f" {mark} {estimate}") if mark or estimate else 0
    room = (WIDTH - 2 * PAD - rail_room - SIGN_ROOM) / ROW_SIZE
    title = tuple(wrap(plain(f"{task.id} {task.title}"), room, _MOST_LINES, taken=taken))
    return Line(task, top, 12 + ROW_LINE * len(title), title, mark, estimate)


def _estimate(task: Task) -> str:
    return human(task.estimate) if task.estimate else ""
