from __future__ import annotations

import ast
import subprocess
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefect_integration.layout import WIDTH, assignment

TEXT = st.text(st.characters(categories=("L", "Po", "Cs", "Cc", "Zl", "So")), max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


@given(st.lists(VALUES, max_size=6))
def test_what_is_written_reads_back_equal(value: list[object]) -> None:
    assert ast.literal_eval(assignment("X", value).removeprefix("X = ")) == value


def test_an_entry_that_fits_stays_on_one_line() -> None:
    assert assignment("X", [{"id": "1", "after": []}]) == 'X = [\n    {"id": "1", "after": []},\n]\n'


def test_an_entry_that_is_too_long_is_spread() -> None:
    text = assignment("X", [{"id": "1", "title": "t" * WIDTH}])

    assert text == 'X = [\n    {\n        "id": "1",\n        "title": "' + "t" * WIDTH + '",\n    },\n]\n'


def test_the_comma_after_an_entry_counts_for_its_width() -> None:
    exactly = WIDTH - len('    "",')

    assert assignment("X", [["x" * (exactly - 2)]]).count("\n") == 3
    assert assignment("X", [["x" * (exactly - 1)]]).count("\n") == 5


def test_empty_containers_are_not_spread() -> None:
    assert assignment("X", []) == "X = []\n"
    assert assignment("X", {}) == "X = {}\n"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(VALUES, max_size=6), min_size=10, max_size=20))
def test_a_formatter_would_change_nothing(values: list[list[object]]) -> None:
    source = "\n".join(assignment(f"X{number}", value) for number, value in enumerate(values))
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(WIDTH), "--diff", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
