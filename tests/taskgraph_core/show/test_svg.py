from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from support.graphs import graph_of
from taskgraph_core.ir import TaskGraph
from taskgraph_core.show.svg import svg

NAME = "{http://www.w3.org/2000/svg}"


def drawing(graph: TaskGraph) -> ET.Element:
    return ET.fromstring(svg(graph))  # noqa: S314 - our own drawing


def texts(graph: TaskGraph) -> str:
    return " ".join("".join(found.itertext()) for found in drawing(graph).iter(f"{NAME}text"))


def test_the_legend_explains_what_is_there(example: TaskGraph) -> None:
    shown = texts(example)

    assert "A box is a task with its subtasks" in shown
    assert "not drawn (1)" in shown
    assert all(status in shown for status in ("pending", "in-progress", "review", "done", "deferred", "blocked"))


def test_the_legend_does_not_explain_what_is_not_there() -> None:
    assert "box" not in texts(graph_of("1", "2 < 1"))
    assert "arrow leads" not in texts(graph_of("1"))
    assert "blocked" not in texts(graph_of("1"))
    assert "There are no tasks." in texts(TaskGraph(id="empty"))


def test_it_has_a_title_and_a_description_for_those_who_do_not_see_it(example: TaskGraph) -> None:
    root = drawing(example)

    assert root.attrib["aria-labelledby"] == "graph-title graph-desc"
    assert root.findtext(f"{NAME}title[@id='graph-title']") == example.title
    assert "10 tasks" in (root.findtext(f"{NAME}desc[@id='graph-desc']") or "")


def test_wires_name_the_tasks_they_join(example: TaskGraph) -> None:
    wires = [found for found in drawing(example).iter() if found.get("class", "").startswith("wire")]

    assert {(wire.attrib["data-from"], wire.attrib["data-to"]) for wire in wires} == {
        ("0", "2"), ("2", "3"), ("2", "4"), ("0", "5"), ("0", "6"), ("1", "6"), ("5", "6"), ("1", "7"), ("5", "7"),
    }  # fmt: skip


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_there_are_colours_for_a_light_and_a_dark_ground(ground: str) -> None:
    style = drawing(graph_of("1")).findtext(f"{NAME}style") or ""
    light, _, dark = style.partition("@media (prefers-color-scheme:dark)")

    assert (".ground{fill:#ffffff}" in light) if ground == "light" else (".ground{fill:#0d1117}" in dark)
