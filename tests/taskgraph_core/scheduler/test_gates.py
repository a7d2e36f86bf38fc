from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.scheduler import Breaker, Node, Rate, Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.scheduler import Outcome

API = (("api", 1),)


def calls(number: int, **fields: object) -> list[Node]:
    """Independent tasks that all claim the service."""
    return [Node(f"t{index}", claims=API, **fields) for index in range(number)]


def starts_of(
    scheduler: Scheduler,
    *,
    seconds: float,
    outcome: Callable[[str, int, float], Outcome] = lambda *_: "success",
) -> list[tuple[float, str]]:
    """Run on a virtual clock, each attempt as long as told: when which attempt started."""
    now, running, starts = 0.0, [], []
    while not (step := scheduler.poll(now)).done:
        for task_id, number in step.start:
            starts.append((now, task_id))
            running.append((now + seconds, task_id, number))
        moments = [end for end, *_ in running] + ([step.wake_at] if step.wake_at is not None else [])
        assert moments, "nothing runs and nothing will ever start"
        assert min(moments) > now or seconds == 0
        now = min(moments)
        for entry in [entry for entry in running if entry[0] <= now]:
            running.remove(entry)
            scheduler.finished(entry[1], outcome(entry[1], entry[2], now), now)
    return starts


# --- rates ----------------------------------------------------------------------------------


def test_a_rate_lets_its_amount_through_at_once_and_then_one_as_each_period_is_over() -> None:
    scheduler = Scheduler(calls(5), rates={"api": Rate(2, 60.0)})
    assert [time for time, _ in starts_of(scheduler, seconds=1.0)] == [0.0, 0.0, 60.0, 60.0, 120.0]


@given(
    st.integers(1, 5),
    st.floats(0.5, 20.0),
    st.floats(0.1, 30.0),
    st.integers(1, 25),
    st.integers(1, 8),
    st.integers(0, 99),
)
def test_no_window_of_a_period_sees_more_starts_than_the_rate(
    amount: int, period: float, seconds: float, number: int, parallel: int, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    scheduler = Scheduler(calls(number, attempts=3), rates={"api": Rate(amount, period)}, max_parallel=parallel)
    starts = starts_of(scheduler, seconds=seconds, outcome=lambda *_: chance.choice(("success", "failed")))
    times = [time for time, _ in starts]
    for first, later in zip(times, times[amount:], strict=False):
        assert later >= first + period


def test_retries_take_tokens_too() -> None:
    scheduler = Scheduler(calls(1, attempts=3), rates={"api": Rate(1, 10.0)})
    starts = starts_of(scheduler, seconds=1.0, outcome=lambda _, number, __: "success" if number == 3 else "failed")
    assert [time for time, _ in starts] == [0.0, 10.0, 20.0]


def test_what_does_not_claim_the_service_is_not_held_up_by_its_rate() -> None:
    scheduler = Scheduler([*calls(3), Node("free")], rates={"api": Rate(1, 10.0)}, max_parallel=2)
    assert (0.0, "free") in starts_of(scheduler, seconds=1.0)


def test_a_task_at_rest_before_a_rate_keeps_no_other_resource_from_others() -> None:
    both = Node("both", claims=(("api", 1), ("db", 1)), weight=9.0)
    others = [Node(f"db{index}", claims=(("db", 1),)) for index in range(40)]
    scheduler = Scheduler([Node("first", claims=API, weight=10.0), both, *others], rates={"api": Rate(1, 1000.0)})
    starts = dict(reversed(pair) for pair in starts_of(scheduler, seconds=1.0))
    assert starts["both"] == 1000.0
    assert max(starts[node.id] for node in others) < 100


# --- circuit breakers -----------------------------------------------------------------------


def test_a_breaker_opens_after_failures_in_a_row_and_closes_after_a_probe_that_succeeds() -> None:
    scheduler = Scheduler(calls(5), breakers={"api": Breaker(2, 30.0)}, max_parallel=1)

    def outcome(task_id: str, _: int, now: float) -> Outcome:
        return "failed" if now < 10 else "success"

    starts = starts_of(scheduler, seconds=1.0, outcome=outcome)
    assert starts == [(0.0, "t0"), (1.0, "t1"), (32.0, "t2"), (33.0, "t3"), (34.0, "t4")]
    assert scheduler.breakers == {"api": "closed"}


def test_a_success_between_them_means_the_failures_are_not_in_a_row() -> None:
    scheduler = Scheduler(calls(5), breakers={"api": Breaker(2, 30.0)}, max_parallel=1)
    starts = starts_of(
        scheduler, seconds=1.0, outcome=lambda task_id, *_: "failed" if task_id in ("t0", "t2", "t4") else "success"
    )
    assert [time for time, _ in starts] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_exactly_one_attempt_probes_a_half_open_circuit_and_its_failure_opens_it_again() -> None:
    scheduler = Scheduler(calls(10), breakers={"api": Breaker(1, 30.0)}, max_parallel=4)
    starts = starts_of(scheduler, seconds=1.0, outcome=lambda _, __, now: "failed" if now < 60 else "success")
    # Four were under way when the first failed; then one probe fails; the next succeeds and lets all others through.
    assert [time for time, _ in starts] == [0.0] * 4 + [31.0] + [62.0] + [63.0] * 4


@given(st.integers(1, 4), st.floats(1, 40), st.integers(1, 20), st.integers(1, 6), st.integers(0, 999))
def test_nothing_starts_while_a_circuit_is_open_and_one_at_most_while_it_is_half_open(
    failures: int, open_for: float, number: int, parallel: int, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    scheduler = Scheduler(
        calls(number, attempts=2), breakers={"api": Breaker(failures, open_for)}, max_parallel=parallel
    )
    now, running = 0.0, []
    while not (step := scheduler.poll(now)).done:
        was = scheduler.breakers["api"]
        assert was == "closed" or len(step.start) <= 1
        for task_id, _ in step.start:
            running.append((now + chance.uniform(0.1, 9), task_id))
        moments = [end for end, _ in running] + ([step.wake_at] if step.wake_at is not None else [])
        assert moments
        now = min(moments)
        for entry in [entry for entry in running if entry[0] <= now]:
            running.remove(entry)
            before = scheduler.breakers["api"]
            scheduler.finished(entry[1], chance.choice(("success", "failed", "failed", "skipped")), now)
            if before == "closed" and scheduler.breakers["api"] == "open":
                early = scheduler.poll(now + open_for * 0.99)
                assert early.start == []


def test_a_probe_that_was_skipped_says_nothing_and_the_next_one_probes() -> None:
    scheduler = Scheduler(calls(4), breakers={"api": Breaker(1, 30.0)}, max_parallel=1)
    ends: dict[str, Outcome] = {"t0": "failed", "t1": "skipped"}
    starts = starts_of(scheduler, seconds=1.0, outcome=lambda task_id, *_: ends.get(task_id, "success"))
    assert [time for time, _ in starts] == [0.0, 31.0, 32.0, 33.0]


def test_undoing_asks_the_same_breaker() -> None:
    nodes = [Node("a", claims=API, undoable=True), Node("b", ("a",), claims=API)]
    scheduler = Scheduler(nodes, breakers={"api": Breaker(1, 30.0)}, rollback=True)
    assert scheduler.poll(0.0).start == [("a", 1)]
    scheduler.finished("a", "success", 1.0)
    assert scheduler.poll(1.0).start == [("b", 1)]
    scheduler.finished("b", "failed", 2.0)
    step = scheduler.poll(2.0)
    assert (step.undo, step.wake_at) == ([], 32.0)
    assert scheduler.poll(32.0).undo == [("a", 1)]


@pytest.mark.parametrize("outcome", ["success", "failed"])
def test_an_attempt_that_began_before_the_circuit_opened_counts_for_nothing_afterwards(outcome: Outcome) -> None:
    scheduler = Scheduler(calls(4), breakers={"api": Breaker(1, 30.0)}, max_parallel=2)
    assert len(scheduler.poll(0.0).start) == 2
    scheduler.finished("t0", "failed", 1.0)
    scheduler.finished("t1", outcome, 5.0)
    assert scheduler.breakers == {"api": "open"}
    assert scheduler.poll(5.0).wake_at == 31.0
