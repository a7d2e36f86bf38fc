"""Laws of the drawing, whatever is drawn, and the extremes."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.show.blocks import WIDTH
from taskgraph_core.show.islands import GAP
from taskgraph_core.show.layout import Layout, layout_of
from taskgraph_core.show.picture import Picture, picture_of

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph

law = settings(max_examples=60, deadline=None)


def check(picture: Picture) -> Layout:
    """Everything that holds in every layout."""
    layout = layout_of(picture)
    boxes = [(placed.x, placed.y, placed.x + WIDTH, placed.y + placed.block.height) for placed in layout.blocks]
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= layout.width
        assert bottom <= layout.height
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    for wire in layout.wires:
        for (left, start), (right, end) in pairwise(wire.points):
            assert (left == right and start < end) if wire.down else left < right
            low, high = sorted((start, end))
            crossed = [box for box in boxes if box[0] < right and left < box[2] and box[1] < high and low < box[3]]
            assert crossed == []
    drawn = {(wire.edge.source, wire.edge.target, wire.edge.entering) for wire in layout.wires}
    railed = {
        (rail.edge.source, rail.edge.target, False)
        for placed in layout.blocks
        for rail in placed.block.rails
        if rail.start < rail.stop
    }
    assert drawn | railed == {(edge.source, edge.target, edge.entering) for edge in picture.edges}
    assert not drawn & railed
    return layout


@law
@given(data=st.data())
def test_boxes_keep_apart_and_edges_lead_right_or_down_and_across_no_box(
    plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    check(picture_of(data.draw(plans)))


@law
@given(data=st.data())
def test_members_stand_in_rows_inside_their_own_box(plans: st.SearchStrategy[TaskGraph], data: st.DataObject) -> None:
    picture = picture_of(data.draw(plans))
    seen = []
    for placed in layout_of(picture).blocks:
        block = placed.block
        below = block.head.height
        for row in block.rows:
            assert picture.home[row.task.id] == block.head.task.id
            assert row.top >= below
            below = row.top + row.height
            seen.append(row.task.id)
        assert below <= (block.height if block.end is None else block.end)
    assert sorted(seen) == sorted(picture.home)


@pytest.mark.parametrize(
    "lines",
    [
        [f"{number} < {number - 1}" for number in range(200)],
        ["0", *(f"{number} < 0" for number in range(1, 101))],
        ["0", *(f"{number} < 0" for number in range(1, 101)), f"101 < {' '.join(map(str, range(1, 101)))}"],
        [f"{number}" for number in range(100)],
    ],
    ids=["chain", "fan", "diamond", "islands"],
)
def test_extreme_graphs_make_no_extreme_pictures(lines: list[str]) -> None:
    layout = check(picture_of(graph_of(*lines)))

    assert 1 / 3 < layout.width / layout.height < 9
    assert layout.width * layout.height < len(lines) * 200_000


def test_a_short_chain_is_one_line() -> None:
    layout = layout_of(picture_of(graph_of("1", "2 < 1", "3 < 2", "4 < 3")))

    assert {placed.y for placed in layout.blocks} == {0}
    assert not any(wire.down for wire in layout.wires)


@pytest.mark.parametrize(
    "lines", [("1", "2", "3", "4 < 3", "5 < 2", "6 < 1", "7 < 4 5 6"), ("1", "2", "3", "4 < 1 3", "5 < 2", "6 < 4 5")]
)
def test_lines_that_need_not_cross_do_not(lines: tuple[str, ...]) -> None:
    layout = layout_of(picture_of(graph_of(*lines)))

    for column in {wire.points[0][0] for wire in layout.wires}:
        ends = [(wire.points[0][1], wire.points[-1][1]) for wire in layout.wires if wire.points[0][0] == column]
        assert not any(one[0] < other[0] and one[1] > other[1] for one in ends for other in ends)


def test_stacks_stand_far_enough_apart_for_the_line_back_to_the_top() -> None:
    layout = layout_of(picture_of(graph_of("0", *(f"{number} < {number - 1}" for number in range(1, 60)))))
    lefts = sorted({placed.x for placed in layout.blocks})

    assert all(right - left > WIDTH + 2 * GAP for left, right in pairwise(lefts))


def test_an_edge_across_columns_passes_between_the_cards() -> None:
    group = {"trigger_rule": "all_done"}
    layout = check(picture_of(graph_of("1", "2 < 1", "3 < 2", "4 < 3 1", tasks={"4": group})))
    [long] = [wire for wire in layout.wires if (wire.edge.source, wire.edge.target) == ("1", "4")]

    assert len(long.points) == 6


def tangled() -> TaskGraph:
    five, six = {"group": "5"}, {"group": "6"}
    return graph_of(
        "5 < 5.1 5.2", "5.1", "5.2 < 6.1", "6 < 6.1 6.2", "6.1", "6.2 < 5.1", "7 < 5 6",
        tasks={"5.1": five, "5.2": five, "6.1": six, "6.2": six},
    )  # fmt: skip


def test_boxes_that_wait_for_each_other_are_cut_into_parts() -> None:
    layout = check(picture_of(tangled()))

    parts = [(placed.block.head.task.id, placed.block.part) for placed in layout.blocks]
    assert parts == [("5", (1, 2)), ("5", (2, 2)), ("6", (1, 2)), ("6", (2, 2)), ("7", (1, 1))]


def test_a_box_with_very_many_rows_is_cut_too_and_still_entered_once() -> None:
    members = [f"1.{number}" for number in range(100)]
    lines = ["0", f"1 < {' '.join(members)}", *(f"{member} < 0" for member in members), "2 < 1"]
    graph = graph_of(*lines, tasks={member: {"group": "1"} for member in members})
    layout = check(picture_of(graph))

    assert [placed.block.part for placed in layout.blocks] == [(1, 1), *((at, 5) for at in range(1, 6)), (1, 1)]
    assert len(layout.wires) == 2
