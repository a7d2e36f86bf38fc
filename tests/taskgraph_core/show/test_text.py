from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.show.text import clipped, plain, plain_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Set up the project", "Set up the project"),
        ("naïve café, 日本語 🚀", "naïve café, 日本語 🚀"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("a\nb\r\nc\td\u2028e", "a b c d e"),
        ("\u202egnp.exe\u2069", "\ufffdgnp.exe\ufffd"),
        ("zero\u200bwidth\U000e0041\ufeff", "zerowidth"),
        ("a\x00\ud800\ufffeb", "a\ufffd\ufffd\ufffdb"),
        ("\U0001f469\u200d\U0001f4bb and \u0645\u06cc\u200c\u062e\u0648", None),
        ("spy\u200d\u200cware", "spyware"),
    ],
    ids=["ASCII", "letters", "escapes", "lines", "direction", "invisible", "forbidden", "joined", "joiners"],
)
def test_what_could_act_is_shown_and_what_hides_is_gone(text: str, shown: str | None) -> None:
    assert plain(text) == (text if shown is None else shown)


@given(st.text())
def test_plain_text_is_one_line_of_printable_characters(text: str) -> None:
    shown = plain(text)

    assert len(shown.splitlines()) <= 1
    assert {unicodedata.category(letter) for letter in shown}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert plain(shown) == shown


def test_lines_stay_lines_where_there_is_room_for_them() -> None:
    assert plain_lines("one\r\ntwo\u2028three\x1b[2J\n\n") == "one\ntwo\nthree\ufffd[2J\n"


@given(st.text(), st.integers(2, 40))
def test_clipped_text_is_no_longer_than_asked_and_says_when_it_was_cut(text: str, most: int) -> None:
    shown = clipped(text, most)

    assert len(shown) <= most
    assert shown == plain(text) or shown.endswith("…")
