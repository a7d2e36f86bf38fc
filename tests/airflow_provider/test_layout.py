from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.layout import argument, assignment, number

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES))
def test_what_is_written_reads_back_equal(value: dict[str, object]) -> None:
    name, _, text = assignment("X", value).partition(" = ")

    assert name == "X"
    assert ast.literal_eval(text) == value


def test_every_entry_of_a_table_and_of_its_rows_has_a_line() -> None:
    assert assignment("X", {"a": {"b": 1, "c": [1, 2]}, "d": 2}) == (
        'X = {\n    "a": {\n        "b": 1,\n        "c": [1, 2],\n    },\n    "d": 2,\n}\n'
    )


def test_what_is_too_long_for_a_line_is_spread() -> None:
    word = "x" * 30

    assert argument("tags", [word, word]) == f'    tags=["{word}", "{word}"],\n'
    assert argument("tags", [word, word, word]) == (
        f'    tags=[\n        "{word}",\n        "{word}",\n        "{word}",\n    ],\n'
    )


def test_whole_numbers_have_no_decimal_point() -> None:
    assert (repr(number(90.0)), repr(number(0.5))) == ("90", "0.5")
