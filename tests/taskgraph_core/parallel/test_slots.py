"""The slots of groups inside groups, without any group."""

from __future__ import annotations

from taskgraph_core.parallel.slots import Seat, Slots


def begins(slots: Slots) -> bool:
    """Whether there was room for one more task."""
    if not slots.room:
        slots.want()
        return False
    slots.take()
    return True


def test_a_slot_is_one_of_every_group_around() -> None:
    outer = Slots(2, None, None)
    middle = Slots(5, outer, None)
    inner = Slots(5, middle, None)

    assert [begins(inner), begins(inner), begins(inner)] == [True, True, False]
    assert not begins(outer)
    inner.give()
    assert begins(outer)


def test_a_host_that_waits_lends_its_slot_once_and_to_its_own_groups_only() -> None:
    outer, seat = Slots(1, None, None), Seat()
    assert begins(outer)
    inner, stranger = Slots(5, outer, seat), Slots(5, outer, None)

    assert not begins(inner)
    seat.lend()
    assert not begins(stranger)
    assert begins(inner)
    assert not begins(inner)
    inner.give()
    seat.keep()
    assert not begins(inner)


def test_who_found_nothing_is_told_when_there_is_something_through_groups_that_are_over_too() -> None:
    told: list[str] = []
    outer = Slots(1, None, None)
    middle = Slots(5, outer, None)
    inner = Slots(5, middle, None, lambda: told.append("inner"))
    middle.close()
    assert begins(outer)
    assert not begins(inner)

    outer.give()
    outer.settle()

    assert told == ["inner"]


def test_nobody_is_told_of_a_slot_that_one_further_out_lacks() -> None:
    told: list[str] = []
    outer = Slots(1, None, None)
    middle = Slots(2, outer, None)
    inner = Slots(5, middle, None, lambda: told.append("inner"))
    assert begins(outer)
    assert not begins(inner)

    middle.settle()

    assert told == []


def test_what_works_in_the_slot_of_a_task_that_ended_keeps_it() -> None:
    outer, seat = Slots(1, None, None), Seat()
    assert begins(outer)
    inner = Slots(5, outer, seat)
    seat.lend()
    assert begins(inner)

    outer.leave(seat)

    assert not begins(outer)
    inner.give()
    assert begins(outer)


def test_a_host_that_is_back_gets_its_slot_before_others_get_one() -> None:
    outer, seat = Slots(2, None, None), Seat()
    assert begins(outer)
    inner = Slots(5, outer, seat)
    seat.lend()
    assert begins(inner)
    assert begins(inner)
    seat.keep()

    inner.give()

    assert seat.user is None
    assert not begins(outer)
