"""The slots of groups inside groups, without any group."""

from __future__ import annotations

from taskgraph_core.parallel.slots import Seat, Slots


def test_a_slot_is_one_of_every_group_around() -> None:
    outer = Slots(2, None, None)
    middle = Slots(5, outer, None)
    inner = Slots(5, middle, None)

    assert [inner.take(), inner.take(), inner.take()] == [True, True, False]
    assert not outer.take()
    inner.give()
    assert outer.take()


def test_a_host_that_waits_lends_its_slot_once_and_to_its_own_groups_only() -> None:
    outer, seat = Slots(1, None, None), Seat()
    assert outer.take()
    inner, stranger = Slots(5, outer, seat), Slots(5, outer, None)

    assert not inner.take()
    seat.lend()
    assert not stranger.take()
    assert inner.take()
    assert not inner.take()
    inner.give()
    seat.keep()
    assert not inner.take()


def test_who_found_nothing_is_told_when_there_is_something_through_groups_that_are_over_too() -> None:
    told: list[str] = []
    outer = Slots(1, None, None)
    middle = Slots(5, outer, None)
    inner = Slots(5, middle, None, lambda: told.append("inner"))
    middle.close()
    assert outer.take()
    assert not inner.take()

    outer.give()
    outer.settle()

    assert told == ["inner"]


def test_nobody_is_told_of_a_slot_that_one_further_out_lacks() -> None:
    told: list[str] = []
    outer = Slots(1, None, None)
    middle = Slots(2, outer, None)
    inner = Slots(5, middle, None, lambda: told.append("inner"))
    assert outer.take()
    assert not inner.take()

    middle.settle()

    assert told == []


def test_a_slot_that_was_not_used_after_all_is_no_news() -> None:
    told: list[str] = []
    outer = Slots(1, None, None, lambda: told.append("outer"))
    inner = Slots(5, outer, None)

    assert inner.take()
    inner.give(unused=True)
    assert told == []
    assert inner.take()
    inner.give()
    assert told == ["outer"]


def test_what_works_in_the_slot_of_a_task_that_ended_keeps_it() -> None:
    outer, seat = Slots(1, None, None), Seat()
    assert outer.take()
    inner = Slots(5, outer, seat)
    seat.lend()
    assert inner.take()

    outer.leave(seat)

    assert not outer.take()
    inner.give()
    assert outer.take()


def test_a_host_that_is_back_gets_its_slot_before_others_get_one() -> None:
    outer, seat = Slots(2, None, None), Seat()
    assert outer.take()
    inner = Slots(5, outer, seat)
    seat.lend()
    assert inner.take()
    assert inner.take()
    seat.keep()

    inner.give()

    assert seat.user is None
    assert not outer.take()
