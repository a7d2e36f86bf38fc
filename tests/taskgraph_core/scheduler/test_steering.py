from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.scheduler import Node, Scheduler


def ids(pairs: list[tuple[str, int]]) -> list[str]:
    return [task_id for task_id, _ in pairs]


# --- how many at once ------------------------------------------------------------------------


def test_nothing_new_starts_during_a_pause_and_what_runs_goes_on() -> None:
    scheduler = Scheduler([Node("a"), Node("b"), Node("c", ("a",))], max_parallel=1)
    assert ids(scheduler.poll(0.0).start) == ["a"]
    scheduler.allow(0)
    scheduler.finished("a", "success", 1.0)
    step = scheduler.poll(1.0)
    assert (step.start, step.final, step.done) == ([], [("a", "success")], False)
    scheduler.allow(2)
    assert ids(scheduler.poll(2.0).start) == ["b", "c"]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 40))
def test_no_more_start_than_are_allowed_at_that_time(limits: list[int], number: int) -> None:
    scheduler = Scheduler([Node(f"t{index}") for index in range(number)])
    for limit in limits:
        scheduler.allow(limit)
        before = len(scheduler.running)
        scheduler.poll(0.0)
        assert len(scheduler.running) <= max(limit, before)
        for task_id in scheduler.running[::2]:
            scheduler.finished(task_id, "success", 0.0)
    scheduler.allow(number)
    while not scheduler.poll(0.0).done:
        for task_id in scheduler.running:
            scheduler.finished(task_id, "success", 0.0)
    assert len(scheduler.states) == number


# --- too many failures -----------------------------------------------------------------------


def test_a_share_of_failures_ends_the_run_but_not_before_ten_tasks_ended() -> None:
    scheduler = Scheduler([Node(f"t{index}") for index in range(30)], max_parallel=1, failure_rate=0.3)
    ended = 0
    while not (step := scheduler.poll(0.0)).done:
        for task_id, _ in step.start:
            ended += 1
            scheduler.finished(task_id, "failed" if ended % 2 else "success", 0.0)
    assert ended == 10
    assert list(scheduler.states.values()).count("cancelled") == 20


def test_a_share_below_the_limit_stops_nothing() -> None:
    scheduler = Scheduler([Node(f"t{index}") for index in range(30)], max_parallel=1, failure_rate=0.5)
    ended = 0
    while not (step := scheduler.poll(0.0)).done:
        for task_id, _ in step.start:
            ended += 1
            scheduler.finished(task_id, "success" if ended % 2 else "failed", 0.0)
    assert ended == 30


# --- runs that grow ---------------------------------------------------------------------------


def test_a_growing_run_is_done_only_when_it_was_closed() -> None:
    scheduler = Scheduler([], growing=True)
    assert not scheduler.poll(0.0).done
    scheduler.add(Node("a"))
    assert ids(scheduler.poll(0.0).start) == ["a"]
    scheduler.finished("a", "success", 1.0)
    assert not scheduler.poll(1.0).done
    scheduler.add(Node("b", ("a",)))
    assert ids(scheduler.poll(1.0).start) == ["b"]
    scheduler.close()
    scheduler.finished("b", "success", 2.0)
    assert scheduler.poll(2.0).done


def test_what_is_added_after_its_upstream_failed_learns_of_that() -> None:
    scheduler = Scheduler([Node("a")], growing=True)
    scheduler.poll(0.0)
    scheduler.finished("a", "failed", 0.0)
    scheduler.add(Node("b", ("a",)))
    scheduler.add(Node("c", ("a",), rule="one_failed"))
    step = scheduler.poll(0.0)
    assert (dict(step.final), ids(step.start)) == ({"a": "failed", "b": "upstream_failed"}, ["c"])


def test_what_is_added_after_the_run_was_stopped_is_cancelled() -> None:
    scheduler = Scheduler([Node("a")], growing=True)
    scheduler.cancel()
    scheduler.add(Node("b"))
    assert scheduler.states == {"a": "cancelled", "b": "cancelled"}


def test_what_is_added_keeps_to_the_capacities() -> None:
    scheduler = Scheduler([Node("a", claims=(("db", 1),))], capacities={"db": 1}, growing=True)
    scheduler.add(Node("b", claims=(("db", 1),)))
    scheduler.add(Node("c", claims=(("new", 1 << 30),)))
    scheduler.add(Node("d", claims=(("new", 1),)))
    assert ids(scheduler.poll(0.0).start) == ["a", "c"]


def test_nothing_can_be_added_twice_or_after_the_close() -> None:
    scheduler = Scheduler([Node("a")], growing=True)
    with pytest.raises(ValueError, match="already"):
        scheduler.add(Node("a"))
    with pytest.raises(ValueError, match="not in the graph"):
        scheduler.add(Node("b", ("x",)))
    scheduler.close()
    with pytest.raises(ValueError, match="any more"):
        scheduler.add(Node("c"))


# --- earlier lives ----------------------------------------------------------------------------


def test_a_lost_attempt_is_made_again_and_uses_up_none() -> None:
    scheduler = Scheduler([Node("a", attempts=2)])
    scheduler.began("a", 1, 0.0)
    scheduler.lost("a", 1.0)
    assert scheduler.poll(1.0).start == [("a", 2)]
    assert scheduler.finished("a", "failed", 2.0) == 2.0
    assert scheduler.poll(2.0).start == [("a", 3)]
    assert scheduler.finished("a", "failed", 3.0) is None


def test_attempts_of_an_earlier_life_only_count_for_numbers() -> None:
    scheduler = Scheduler([Node("a", attempts=2)])
    scheduler.number_on("a", 7, 0)
    assert scheduler.poll(0.0).start == [("a", 8)]
    assert scheduler.finished("a", "failed", 0.0) is not None


def test_what_began_holds_its_claims() -> None:
    scheduler = Scheduler([Node("a", claims=(("db", 1),)), Node("b", claims=(("db", 1),))], capacities={"db": 1})
    scheduler.began("b", 1, 0.0)
    assert scheduler.poll(0.0).start == []
    assert scheduler.waits_for("a") == ["db"]
    scheduler.finished("b", "success", 1.0)
    assert scheduler.poll(1.0).start == [("a", 1)]


def test_a_retry_that_had_begun_is_not_begun_again_when_its_pause_is_over() -> None:
    scheduler = Scheduler([Node("a", attempts=3, delay=10.0)])
    scheduler.began("a", 1, 0.0)
    assert scheduler.finished("a", "failed", 1.0) == 11.0
    scheduler.began("a", 2, 11.0)
    assert scheduler.poll(20.0).start == []
    assert scheduler.running == ["a"]


def test_only_what_is_known_and_at_rest_can_have_begun() -> None:
    scheduler = Scheduler([Node("a")])
    scheduler.began("a", 1, 0.0)
    for task_id in ("a", "x"):
        with pytest.raises(ValueError, match="cannot have started"):
            scheduler.began(task_id, 1, 0.0)
