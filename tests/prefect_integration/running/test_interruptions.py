from __future__ import annotations

import os
import signal
import threading
from contextvars import ContextVar

import pytest

from prefect_integration.running.interruptions import undisturbed


def nothing() -> None:
    pass


def test_what_the_work_returns_comes_out() -> None:
    assert undisturbed(lambda: 5, end=nothing, end_at_once=nothing) == 5


def test_what_the_work_raises_comes_out() -> None:
    def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        undisturbed(work, end=nothing, end_at_once=nothing)


def test_the_work_has_the_context_of_whoever_wants_it() -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("here")

    assert undisturbed(variable.get, end=nothing, end_at_once=nothing) == "here"


def test_an_interruption_asks_the_work_to_end_and_is_raised_when_it_has() -> None:
    asked, done = threading.Event(), []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        asked.wait()
        done.append("in order")

    with pytest.raises(KeyboardInterrupt):
        undisturbed(work, end=asked.set, end_at_once=nothing)
    assert done == ["in order"]


def test_after_a_second_interruption_nobody_waits() -> None:
    asked, at_once = threading.Event(), threading.Event()

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        asked.wait()
        os.kill(os.getpid(), signal.SIGINT)
        at_once.wait()

    with pytest.raises(KeyboardInterrupt):
        undisturbed(work, end=asked.set, end_at_once=at_once.set)
    assert at_once.is_set()
