"""Ctrl-C waits for the end of what must not be left half done."""

from __future__ import annotations

import signal
import threading

import pytest

from taskgraph_core.servers.signals import held_back


def interrupt(done: list[str], *, nested: bool = False) -> None:
    with held_back():
        if nested:
            with held_back():
                signal.raise_signal(signal.SIGINT)
        else:
            signal.raise_signal(signal.SIGINT)
        done.append("all of it")


@pytest.mark.parametrize("nested", [False, True])
def test_ctrl_c_comes_after_the_block(*, nested: bool) -> None:
    done: list[str] = []

    with pytest.raises(KeyboardInterrupt):
        interrupt(done, nested=nested)

    assert done == ["all of it"]


def test_nothing_is_changed_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)

    with held_back():
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before


def test_another_thread_has_nothing_to_hold_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look() -> None:
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [before]
