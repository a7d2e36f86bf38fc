from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.plans import found, task
from taskgraph_core.rules import unfit_text
from taskgraph_core.taskmaster.document import decode

CLEAN = ["a", "\\", "\\u0000", "\\ud800", "\u00e9", "\U0001f600", "\\\\ud83d", "\U0001f600\\ude00"]


def test_characters_that_nothing_can_hold_are_a_warning() -> None:
    (finding,) = found(unfit_text, task(1, title="a\x00b"))

    assert finding.code == "TG108"
    assert finding.severity == "warning"
    assert finding.message == "the plan holds NUL characters or halves of characters; they are read as U+FFFD"
    assert finding.path == "$"


@pytest.mark.parametrize(
    "unfit", ["\x00", "\ud800", "\ud83d\ud83d\ude00", "\U0001f600\ude00", "\\\x00", "\ud800\\udc00"]
)
def test_each_of_them_is_seen(unfit: str) -> None:
    assert found(unfit_text, task(1, title=f"a{unfit}b"))


@pytest.mark.parametrize("clean", CLEAN)
def test_text_that_only_looks_like_one_is_silent(clean: str) -> None:
    assert not found(unfit_text, task(1, title=f"a{clean}b"))


@given(st.lists(st.sampled_from(["\x00", "\ud83d", "\ude00", "\\", "ud83d", "ude00", "a"]), max_size=6))
@example(["\\", "ud83d", "\ude00"])
@example(["\ud83d", "\\", "ude00"])
def test_it_speaks_when_and_only_when_something_is_replaced(parts: list[str]) -> None:
    text = json.dumps({"tasks": [{"id": 1, "title": "".join(parts)}]})

    assert bool(found(unfit_text, text=text)) == ("\ufffd" in json.dumps(decode(text, "plan"), ensure_ascii=False))
