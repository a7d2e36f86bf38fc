"""Laws every format keeps, and what each of them makes of one small plan."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.errors import InputError
from taskgraph_core.ir import TaskGraph
from taskgraph_core.show import FORMATS, Format, render
from taskgraph_core.show.palette import STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden" / "show"
SUFFIX = {"tree": "txt", "mermaid": "mmd", "dot": "dot", "svg": "svg", "html": "html"}
SIGNS = "".join(look.sign for look in STATUSES.values())
DOT_WORDS = (
    "digraph graph node edge subgraph rankdir LR compound true fontname Helvetica fontsize nodesep ranksep shape box "
    "style fillcolor white color arrowsize label labeljust l rounded point width dotted arrowhead none lhead ltail"
)
DRAWN = frozenset(["svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "circle", "text", "tspan"])
LITERAL = r'"(?:[^"\\\n]|\\[\\"n])*"'

law = settings(max_examples=30, deadline=None)
every_format = pytest.mark.parametrize("how", get_args(Format))


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.tasks: list[str] = []
        self.content: dict[str, list[str]] = {}
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)
        self.elements[tag] += 1
        for name, value in attrs:
            self.attributes[name] += 1
            if name == "data-task":
                self.tasks.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.inside.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.content.setdefault(self.inside[-1], []).append(data)

    @property
    def plan(self) -> dict[str, list[dict[str, object]]]:
        return json.loads(self.content["script"][0])


def elements(drawing: str) -> list[ET.Element]:
    """Every element of an SVG; an error if it is not well-formed."""
    return list(ET.fromstring(drawing).iter())  # noqa: S314 - our own drawing


def places(how: Format, text: str) -> list[str]:
    """Where each task stands in a picture: its number in the graph, or its id in the tree."""
    match how:
        case "tree":
            return re.findall(rf"^[ │├└─]*[{SIGNS}] (\S+)", text, re.MULTILINE)
        case "mermaid":
            return re.findall(r'^ +(?:subgraph )?t(\d+)\["', text, re.MULTILINE)
        case "dot":
            return re.findall(r"^ +t(\d+) \[(?:label|shape)", text, re.MULTILINE)
        case "svg":
            return [found.attrib["data-task"] for found in elements(text) if "data-task" in found.attrib]
        case "html":
            return Page(text).tasks


@every_format
@law
@given(data=st.data())
def test_every_task_stands_in_the_picture_exactly_once(
    how: Format, plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    graph = data.draw(plans)
    first = 0 if how in ("svg", "html") else 1
    expected = [str(number) for number in range(first, len(graph.tasks) + first)]
    if how == "tree":
        expected = [task.id for task in graph.tasks]

    assert sorted(places(how, render(graph, how))) == sorted(expected)


@every_format
@law
@given(data=st.data())
def test_no_control_character_and_no_direction_mark_reaches_a_file(
    how: Format, hostile_plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    text = render(data.draw(hostile_plans), how)

    bidi = {letter for letter in text if unicodedata.bidirectional(letter) in ("LRE", "RLE", "LRO", "RLO", "PDF")}
    marks = set(text) & set("\u061c\u200e\u200f\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")
    controls = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs")} - {"\n"}
    assert not (bidi | marks | controls)


@every_format
@law
@given(data=st.data())
def test_the_same_graph_gives_the_same_text(
    how: Format, hostile_plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    graph = data.draw(hostile_plans)
    again = TaskGraph.model_validate(graph.model_dump())

    assert render(again, how) == render(graph, how)


def test_the_text_does_not_depend_on_the_process(example: TaskGraph, tmp_path: Path) -> None:
    place = tmp_path / "graph.json"
    place.write_text(example.model_dump_json(), "utf-8")
    program = (
        "import pathlib, sys\n"
        "from taskgraph_core.ir import TaskGraph\n"
        "from taskgraph_core.show import FORMATS, render\n"
        f"graph = TaskGraph.model_validate_json(pathlib.Path({str(place)!r}).read_bytes())\n"
        "sys.stdout.buffer.write(''.join(render(graph, how) for how in FORMATS).encode())"
    )
    expected = "".join(render(example, how) for how in FORMATS).encode()
    for seed in "12":
        done = subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )

        assert done.stdout == expected


@law
@given(data=st.data())
def test_nothing_in_a_mermaid_text_is_syntax_but_ours(
    hostile_plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    label = r'"(?:[^"%{}\[\]<>`;|\\@$*_~^=:&#\n]|#\d+;)*"'
    allowed = [
        "flowchart LR",
        r" +accTitle: [\w-]+",
        r" +accDescr: \d+ tasks?, \d+ arrows?",
        rf" +t\d+\[{label}\]",
        rf" +subgraph t\d+\[{label}\]",
        rf" +t\d+_end\(\[{label}\]\)",
        " +end",
        r" +t\d+ --> t\d+(?:_end)?",
        r" +classDef s\d [\w:#,. -]+",
        r" +class t\d+(?:,t\d+)* s\d",
    ]
    text = render(data.draw(hostile_plans), "mermaid")

    assert [line for line in text.splitlines() if not re.fullmatch("|".join(allowed), line)] == []
    assert "--" not in re.sub(" --> ", "", text)
    assert "direction" not in text


@law
@given(data=st.data())
def test_nothing_in_a_dot_text_is_syntax_but_ours(
    hostile_plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    text = render(data.draw(hostile_plans), "dot")
    bare = re.sub(LITERAL, '""', text)

    assert set(re.findall(r"[A-Za-z]\w*", bare)) <= {*re.findall(r"\b(?:cluster_)?t\d+\b", bare), *DOT_WORDS.split()}
    assert not re.search(r"&(?!amp;)", text)


@law
@given(data=st.data())
def test_an_svg_is_well_formed_and_holds_nothing_but_a_drawing(
    hostile_plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    drawn = elements(render(data.draw(hostile_plans), "svg"))
    names = {found.tag.removeprefix("{http://www.w3.org/2000/svg}") for found in drawn}
    attributes = {name for found in drawn for name in found.attrib}

    assert names <= DRAWN
    assert not {name for name in attributes if name.startswith("on") or "href" in name or name == "style"}


@law
@given(data=st.data())
def test_text_of_a_plan_never_becomes_markup_of_the_page(
    hostile_plans: st.SearchStrategy[TaskGraph], data: st.DataObject
) -> None:
    graph = data.draw(hostile_plans)
    page = Page(render(graph, "html"))
    empty = Page(render(TaskGraph(id="empty"), "html"))

    assert set(page.elements) - DRAWN == set(empty.elements) - DRAWN
    assert page.elements["script"] == 2
    assert page.elements["style"] == 2
    assert not {name for name in page.attributes if name.startswith("on") or name in ("style", "src", "href")}
    assert [task["id"] for task in page.plan["tasks"]] == [task.id for task in graph.tasks]


@every_format
def test_an_example_looks_as_it_always_has(
    how: Format, example: TaskGraph, golden: Callable[[Path, str], None]
) -> None:
    golden(GOLDEN / f"example.{SUFFIX[how]}", render(example, how))


@every_format
@pytest.mark.parametrize("lines", [[], ["1"], ["1 < gone"]], ids=["no task", "one task", "a missing dependency"])
def test_small_graphs_have_pictures_too(how: Format, lines: list[str]) -> None:
    assert len(places(how, render(graph_of(*lines), how))) == len(lines)


@every_format
def test_a_graph_that_goes_in_a_circle_is_refused(how: Format) -> None:
    with pytest.raises(InputError, match="circle"):
        render(graph_of("1 < 2", "2 < 1"), how)


def test_formats_are_loaded_only_when_asked_for() -> None:
    program = "import sys, taskgraph_core.show; print([name for name in ('rich', 'networkx') if name in sys.modules])"

    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
