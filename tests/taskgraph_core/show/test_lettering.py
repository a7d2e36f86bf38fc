from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.show.lettering import fitted, width, wrap

ROOM = 12.0


@given(st.text(max_size=200), st.integers(1, 4), st.floats(0, 5))
def test_no_line_is_wider_than_its_room(text: str, lines: int, taken: float) -> None:
    rows = wrap(text, ROOM, lines, taken=taken)

    assert len(rows) <= lines
    assert all(width(row) <= ROOM - (taken if number == 0 else 0) + 1e-9 for number, row in enumerate(rows))


@given(st.text(alphabet="abc déf日本", max_size=60))
def test_with_lines_enough_nothing_is_lost(text: str) -> None:
    rows = wrap(text, ROOM, 1000)

    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_lines_break_between_words() -> None:
    assert wrap("Implement the retry policy of the service", ROOM, 4) == [
        "Implement the retry",
        "policy of the service",
    ]


def test_an_ellipsis_ends_what_does_not_fit() -> None:
    rows = wrap("Implement the retry policy of the service and its tests", ROOM, 2)

    assert rows == ["Implement the retry", "policy of the service…"]


def test_scripts_without_spaces_break_between_signs() -> None:
    rows = wrap("データベースのスキーマを設計してマイグレーションを用意する", ROOM, 3)

    assert [len(row) for row in rows] == [11, 11, 7]


@pytest.mark.parametrize("sign", ["👩‍💻", "🇳🇴", "👍🏽", "e\u0301"], ids=["joined", "flag", "skin tone", "accent"])
def test_what_is_seen_as_one_sign_is_never_cut_in_two(sign: str) -> None:
    assert set(fitted(sign * 30, ROOM).removesuffix("…").split(sign)) == {""}
