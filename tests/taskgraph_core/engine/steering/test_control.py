"""Orders to a run, through its pipe, and what the run makes of them."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.engine.events import LimitChanged, RunStopping, TaskEnded, TaskStarted, UndoEnded
from taskgraph_core.engine.options import RunOptions
from taskgraph_core.engine.run import run_graph
from taskgraph_core.engine.steering.control import LONGEST, PIPE, Order, order_of, orders, send
from taskgraph_core.engine.steering.limits import Limit, Limits
from taskgraph_core.ir import Command, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.record import RunRecord

# --- one order ----------------------------------------------------------------------------------

some_orders = st.one_of(
    st.sampled_from([Order("cancel"), Order("pause"), Order("resume")]),
    st.builds(Order, st.just("limit"), st.integers(1, 1_000_000)),
)


@given(some_orders)
def test_an_order_arrives_as_it_was_sent(order: Order) -> None:
    assert order.line().endswith(b"\n")
    assert len(order.line()) < LONGEST
    assert order_of(order.line()) == order


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff",
        b"pause",
        b'"pause"',
        b"[1]",
        b"[" * 100_000,
        b'{"order": ["pause"]}',
        b'{"order": "stop"}',
        b'{"order": "limit"}',
        b'{"order": "limit", "parallel": 0}',
        b'{"order": "limit", "parallel": 1.5}',
        b'{"order": "limit", "parallel": true}',
        b'{"order": "limit", "parallel": 1e9}',
        b'{"order": "limit", "parallel": 10000000}',
    ],
)
def test_what_is_no_order_is_none(line: bytes) -> None:
    assert order_of(line) is None


# --- the pipe -------------------------------------------------------------------------------------


def heard(folder: Path, *pieces: bytes) -> list[Order]:
    """What is heard of bytes written one piece after another."""
    got: list[Order] = []

    async def main() -> None:
        end = asyncio.Event()

        def heed(order: Order) -> None:
            got.append(order)
            if order.kind == "cancel":
                end.set()

        with orders(folder, heed):
            for piece in pieces:
                pipe = os.open(folder / PIPE, os.O_WRONLY | os.O_NONBLOCK)
                os.write(pipe, piece)
                os.close(pipe)
                await asyncio.sleep(0.02)
            assert send(folder, Order("cancel"))
            await asyncio.wait_for(end.wait(), 60)

    asyncio.run(main())
    return got[:-1]


def test_orders_are_heard_in_turn_whatever_else_is_written(tmp_path: Path) -> None:
    pause, limit = Order("pause"), Order("limit", 3)

    assert heard(tmp_path, b"garbage\n\n" + pause.line() + limit.line()) == [pause, limit]
    assert heard(tmp_path, pause.line()[:5], pause.line()[5:] + b"{}\n") == [pause]
    assert heard(tmp_path, b"x" * 3 * LONGEST, b"x\n" + limit.line()) == [limit]


def test_without_an_engine_nobody_hears(tmp_path: Path) -> None:
    assert not send(tmp_path, Order("pause"))
    os.mkfifo(tmp_path / PIPE)  # of an engine that was killed
    assert not send(tmp_path, Order("pause"))


def test_what_is_no_pipe_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / PIPE).write_text("mine")
    assert not send(tmp_path, Order("pause"))
    assert (tmp_path / PIPE).read_text() == "mine"

    (tmp_path / "link").mkdir()
    (tmp_path / "link" / PIPE).symlink_to(tmp_path / PIPE)
    with pytest.raises(OSError, match="link"):
        send(tmp_path / "link", Order("pause"))


def test_a_pipe_is_for_its_owner_alone_replaces_what_was_there_and_goes_away(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / PIPE).symlink_to(tmp_path / "precious")

    async def main() -> int:
        with orders(tmp_path, print):
            return (tmp_path / PIPE).lstat().st_mode

    mode = asyncio.run(main())
    assert stat.S_ISFIFO(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / PIPE).exists()


def test_where_no_pipe_can_be_made_the_run_goes_on_without(tmp_path: Path) -> None:
    (tmp_path / PIPE).mkdir()

    async def main() -> str:
        with orders(tmp_path, print):
            return "went on"

    assert asyncio.run(main()) == "went on"


# --- how many at once -------------------------------------------------------------------------------


class Wishes:
    """What somebody could say, and what should follow."""

    asked: int
    paused = False
    full = ""


@given(
    st.integers(1, 9),
    st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["pause", "resume", "", "full"])), max_size=20),
)
def test_a_pause_is_stronger_than_a_full_machine_and_that_than_what_was_asked(
    asked: int, wishes: list[int | str]
) -> None:
    limits, wanted = Limits(asked), Wishes()
    wanted.asked = asked
    for wish in wishes:
        match wish:
            case int():
                limits.ask(wish)
                wanted.asked = wish
            case "pause" | "resume":
                getattr(limits, wish)()
                wanted.paused = wish == "pause"
            case _:
                limits.hold(wish)
                wanted.full = wish
        expected = min(wanted.asked, 0 if wanted.paused else 1 if wanted.full else 9)
        assert limits.effective.parallel == expected
        assert bool(limits.effective.reason) == (expected < wanted.asked)


def test_the_reason_is_the_one_that_counts() -> None:
    limits = Limits(4)
    limits.hold("91 % of the memory is in use")
    assert limits.effective == Limit(1, "91 % of the memory is in use")
    limits.pause()
    assert limits.effective == Limit(0, "it was paused")
    limits.resume()
    limits.hold("")
    assert limits.effective == Limit(4)


# --- a run that is given orders ------------------------------------------------------------------------


def ordered(folder: Path, graph: TaskGraph, act: Callable[[Event, Path], Any]) -> tuple[RunRecord, list[Event]]:
    """A real run; ``act`` is called with every event and the run's folder, and may give orders."""
    events: list[Event] = []
    place = folder / ".taskgraph/runs/run"

    def observe(event: Event) -> None:
        events.append(event)
        act(event, place)

    options = RunOptions(folder, run_id="run", max_parallel=1, grace=0.3)
    return run_graph(graph, options, [observe]), events


def echo(*ids: str) -> dict[str, dict[str, Command]]:
    return {task_id: {"action": Command(shell="true")} for task_id in ids}


def is_end_of(event: Event, task_id: str) -> bool:
    return isinstance(event, TaskEnded) and event.task_id == task_id


def test_nothing_starts_while_a_run_is_paused(tmp_path: Path) -> None:
    timers: list[threading.Timer] = []

    def act(event: Event, place: Path) -> None:
        if isinstance(event, TaskStarted) and event.task_id == "a":
            assert send(place, Order("pause"))
        if isinstance(event, LimitChanged) and not event.parallel:
            timers.append(threading.Timer(0.3, send, (place, Order("resume"))))
            timers[0].start()

    graph = graph_of("a", "b < a", tasks={**echo("b"), "a": {"action": Command(shell="sleep 0.1")}})
    record, events = ordered(tmp_path, graph, act)
    timers[0].join()

    assert record.state == "success"
    told = [event for event in events if isinstance(event, LimitChanged | TaskStarted)]
    assert [getattr(event, "parallel", getattr(event, "task_id", None)) for event in told] == ["a", 0, 1, "b"]
    assert told[1] == LimitChanged(told[1].time, 0, "it was paused")
    assert told[3].time >= told[2].time


def test_a_limit_counts_at_once(tmp_path: Path) -> None:
    def act(event: Event, place: Path) -> None:
        if isinstance(event, TaskStarted) and event.task_id == "a":
            assert send(place, Order("limit", 2))

    # ``a`` ends only once ``b`` runs beside it.
    wait = Command(shell="until [ -e b ]; do sleep 0.02; done")
    graph = graph_of("a", "b", tasks={"a": {"action": wait}, "b": {"action": Command(shell="touch b")}})
    record, events = ordered(tmp_path, graph, act)

    assert record.state == "success"
    assert [event.parallel for event in events if isinstance(event, LimitChanged)] == [2]


def test_every_order_is_answered_also_one_that_changes_nothing(tmp_path: Path) -> None:
    def act(event: Event, place: Path) -> None:
        if isinstance(event, TaskStarted):
            send(place, Order("resume"))
            send(place, Order("limit", 1))
        if isinstance(event, LimitChanged):
            (tmp_path / "heard").open("a").close()

    wait = Command(shell="until [ -e heard ]; do sleep 0.02; done")
    _, events = ordered(tmp_path, graph_of("a", tasks={"a": {"action": wait}}), act)

    assert [event.parallel for event in events if isinstance(event, LimitChanged)] == [1, 1]


def test_a_limit_asked_for_during_a_pause_counts_after_it(tmp_path: Path) -> None:
    def act(event: Event, place: Path) -> None:
        if isinstance(event, TaskStarted) and event.task_id == "a":
            for order in (Order("pause"), Order("limit", 5), Order("resume")):
                send(place, order)

    graph = graph_of("a", "b < a", tasks={"b": {}, "a": {"action": Command(shell="sleep 0.2")}})
    _, events = ordered(tmp_path, graph, act)

    assert [event.parallel for event in events if isinstance(event, LimitChanged)] == [0, 0, 5]


def test_a_cancelled_run_stops_what_runs_and_says_why(tmp_path: Path) -> None:
    def act(event: Event, place: Path) -> None:
        if isinstance(event, TaskStarted):
            send(place, Order("cancel"))

    graph = graph_of("a", "b < a", tasks={**echo("b"), "a": {"action": Command(shell="sleep 60")}})
    record, events = ordered(tmp_path, graph, act)

    assert record.states == {"a": "cancelled", "b": "cancelled"}
    assert record.stopped == "it was cancelled"
    assert [event.reason for event in events if isinstance(event, RunStopping)] == ["it was cancelled"]


def test_a_run_that_is_ended_during_a_pause_is_rolled_back_all_the_same(tmp_path: Path) -> None:
    def act(event: Event, place: Path) -> None:
        if is_end_of(event, "a"):
            send(place, Order("pause"))
        if isinstance(event, LimitChanged) and not event.parallel:
            send(place, Order("cancel"))

    undo = {"action": Command(shell="true"), "rollback": Command(shell="touch undone")}
    graph = graph_of(
        "a", "b < a", tasks={"a": undo, "b": {"action": Command(shell="sleep 60")}}, policy=Policy(rollback=True)
    )
    record, events = ordered(tmp_path, graph, act)

    assert record.by_id["a"].undo == "undone"
    assert (tmp_path / "undone").exists()
    assert [type(event) for event in events if isinstance(event, UndoEnded)] == [UndoEnded]
