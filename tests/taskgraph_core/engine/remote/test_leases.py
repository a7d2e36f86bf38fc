"""How jobs on Dask and on Ray know that the engine wants them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from taskgraph_core.engine.remote.worker import dask_side, ray_side
from taskgraph_core.engine.remote.worker.dask_side import AskedLease, tell
from taskgraph_core.engine.remote.worker.office import Office
from taskgraph_core.engine.remote.worker.ray_side import OfficeLease


class Asked:
    """Notes questions, and answers each at once if it is to."""

    def __init__(self, word: str = "", *, late: float = 0.0) -> None:
        self.clocks: list[float] = []
        self.word = word
        self.late = late

    def __call__(self, clock: float) -> None:
        self.clocks.append(clock)
        if self.word:
            threading.Timer(self.late, tell, [{"token": (self.word, clock)}]).start()


@pytest.fixture(autouse=True)
def _no_words() -> None:
    dask_side._words.clear()


@pytest.mark.parametrize("word", ["go", "stop"])
def test_a_job_begins_with_the_word_of_the_engine(word: str) -> None:
    assert AskedLease(Asked(word), "token", 30.0).begin() == word


def test_a_job_without_an_answer_never_begins() -> None:
    assert AskedLease(Asked(), "token", 0.1).begin() == "lost"


def test_a_lease_counts_from_the_question_however_late_the_answer_is() -> None:
    lease = AskedLease(Asked("go", late=0.3), "token", 30.0)
    asked = time.monotonic()
    lease.begin()

    assert lease.left() <= asked + 30.1 - time.monotonic()


def test_a_job_goes_on_asking_and_an_unanswered_question_renews_nothing() -> None:
    asked = Asked("go")
    lease = AskedLease(asked, "token", 0.5)
    lease.begin()
    asked.word = ""
    deadline = time.monotonic() + lease.left()
    while lease.left() > 0:
        assert lease.word() == "go"
        time.sleep(0.02)

    assert time.monotonic() >= deadline
    assert len(asked.clocks) > 2


def test_answers_to_others_are_nothing() -> None:
    lease = AskedLease(Asked("go"), "token", 30.0)
    lease.begin()
    tell({"other": ("kill", 0.0)})

    assert lease.word() == "go"
    assert "other" not in dask_side._words


def test_the_office_tells_what_is_wanted_and_when_the_engine_was_heard() -> None:
    office = Office()
    office._heard -= 100.0

    assert office.ask("a")[0] == "go"
    assert office.ask("a")[1] >= 100.0
    office.renew()
    assert office.ask("a")[1] < 50.0


def test_what_was_stopped_before_it_asked_has_not_begun() -> None:
    office = Office()
    office.ask("a")

    assert office.say("a", "stop")
    assert not office.say("b", "stop")
    assert office.ask("b")[0] == "stop"
    assert not office.say("b", "kill")


class TroubleError(Exception):
    pass


def test_a_job_ends_when_the_office_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_side, "LOOK_EVERY", 0.0)
    answers: list[Any] = [("go", 0.0)]

    def ask() -> tuple[str, float]:
        if not answers:
            raise TroubleError
        found: tuple[str, float] = answers.pop()
        return found

    lease = OfficeLease(ask, 0.2, TroubleError)

    assert lease.begin() == "go"
    while lease.left() > 0:
        assert lease.word() == "go"


def test_an_engine_that_was_not_heard_for_long_gets_nothing_begun() -> None:
    assert OfficeLease(lambda: ("go", 31.0), 30.0, TroubleError).begin() == "lost"
    assert OfficeLease(lambda: ("stop", 0.0), 30.0, TroubleError).begin() == "stop"
    assert 19 < begun(OfficeLease(lambda: ("go", 10.0), 30.0, TroubleError)).left() <= 20


def begun(lease: OfficeLease) -> OfficeLease:
    lease.begin()
    return lease
