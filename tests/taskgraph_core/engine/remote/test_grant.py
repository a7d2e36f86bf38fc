from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.engine.remote.grant import Grant


def test_the_first_that_asks_may_go_on_and_no_other() -> None:
    grant = Grant()

    assert grant.asked("a", "host", 5.0, now=1.0) == "go"
    assert grant.asked("b", "other", 0.0, now=2.0) == "stop"
    assert grant.asked("a", "host", 7.0, now=3.0) == "go"
    assert (grant.worker, grant.clock) == ("host", 7.0)


def test_what_is_to_stop_before_it_began_never_begins() -> None:
    grant = Grant()
    grant.word = "stop"

    assert grant.asked("a", "host", 0.0, now=0.0) == "stop"
    assert not grant.token


def test_it_is_lost_when_it_does_not_ask_and_no_other_keeps_it() -> None:
    grant = Grant()
    assert not grant.is_lost(100.0, patience=10.0)
    grant.asked("a", "host", 0.0, now=100.0)
    grant.asked("b", "other", 0.0, now=109.0)

    assert not grant.is_lost(110.0, patience=10.0)
    assert grant.is_lost(110.1, patience=10.0)


QUESTIONS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["go", "stop", "kill"])))


@given(QUESTIONS)
def test_at_most_one_execution_is_ever_told_to_go(questions: list[tuple[str, str]]) -> None:
    grant = Grant()
    told = set()
    for number, (token, word) in enumerate(questions):
        grant.word = word if grant.word == "go" else grant.word
        if grant.asked(token, token, 0.0, float(number)) == "go":
            told.add(token)

    assert len(told) <= 1
