from __future__ import annotations

import gc

from taskgraph_core.collector import paused_collector


def test_the_collector_rests_inside_and_works_again_afterwards() -> None:
    assert gc.isenabled()

    with paused_collector():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with paused_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_nothing_is_left_frozen() -> None:
    with paused_collector():
        pass

    assert gc.get_freeze_count() == 0


def test_what_somebody_else_froze_stays_frozen() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with paused_collector():
            pass
        assert gc.get_freeze_count() >= before > 0
    finally:
        gc.unfreeze()
