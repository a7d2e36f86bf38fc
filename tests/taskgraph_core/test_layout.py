from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskgraph_core.layout import Layout

TEXT = st.text(st.characters(categories=("L", "Po", "Cs", "Cc", "Zl", "So")), max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=5) | st.lists(inner, max_size=5).map(tuple) | st.dictionaries(TEXT, inner, max_size=5)
    ),
    max_leaves=20,
)
WIDE, BY_ROWS = Layout(width=120), Layout(width=88, rows=True)
layouts = pytest.mark.parametrize("layout", [WIDE, BY_ROWS], ids=["wide", "by rows"])


@layouts
@given(value=VALUES)
def test_what_is_written_reads_back_equal(layout: Layout, value: object) -> None:
    name, _, text = layout.assignment("X", value).partition(" = ")

    assert name == "X"
    assert ast.literal_eval(text) == value


def test_an_entry_that_fits_stays_on_one_line() -> None:
    assert WIDE.assignment("X", [{"id": "1", "after": []}]) == 'X = [\n    {"id": "1", "after": []},\n]\n'


def test_an_entry_that_is_too_long_is_spread() -> None:
    text = WIDE.assignment("X", [{"id": "1", "title": "t" * 120}])

    assert text == 'X = [\n    {\n        "id": "1",\n        "title": "' + "t" * 120 + '",\n    },\n]\n'


def test_every_entry_of_a_table_and_of_its_rows_has_a_line() -> None:
    assert BY_ROWS.assignment("X", {"a": {"b": 1, "c": [1, 2]}, "d": 2}) == (
        'X = {\n    "a": {\n        "b": 1,\n        "c": [1, 2],\n    },\n    "d": 2,\n}\n'
    )


def test_the_comma_after_an_entry_counts_for_its_width() -> None:
    exactly = 120 - len('    "",')

    assert WIDE.assignment("X", [["x" * (exactly - 2)]]).count("\n") == 3
    assert WIDE.assignment("X", [["x" * (exactly - 1)]]).count("\n") == 5


def test_an_argument_that_is_too_long_for_a_line_is_spread() -> None:
    word = "x" * 30

    assert BY_ROWS.argument("tags", [word, word]) == f'    tags=["{word}", "{word}"],\n'
    assert BY_ROWS.argument("tags", [word, word, word]) == (
        f'    tags=[\n        "{word}",\n        "{word}",\n        "{word}",\n    ],\n'
    )


def test_empty_containers_are_not_spread() -> None:
    assert WIDE.assignment("X", []) == "X = []\n"
    assert WIDE.assignment("X", {}) == "X = {}\n"


@settings(max_examples=10)
@given(st.lists(st.lists(VALUES, max_size=6), min_size=10, max_size=20))
def test_a_formatter_would_change_nothing(values: list[list[object]]) -> None:
    source = "\n".join(WIDE.assignment(f"X{number}", value) for number, value in enumerate(values))
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "--diff", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
