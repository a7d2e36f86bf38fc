from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core import ir
from taskgraph_core.display.gates import Gates
from taskgraph_core.ir import Claim, Resource, Task
from taskgraph_core.scheduler import Breaker, Node, Rate, Scheduler

if TYPE_CHECKING:
    from taskgraph_core.scheduler import Outcome

API = Resource(name="api", rate=ir.Rate(amount=10, seconds=60.0))
SHAKY = Resource(name="shaky", breaker=ir.Breaker(failures=1, open=30.0))
CALL = Task(id="a", claims=(Claim(resource="api"), Claim(resource="shaky")))


def test_a_shut_resource_says_why_and_until_when() -> None:
    gates = Gates([API, SHAKY])
    assert gates.describe("api", 0.0) == "api (10/min)"
    assert gates.describe("shaky", 0.0) == "shaky"
    for second in range(10):
        gates.enter(CALL, float(second))
        gates.leave(CALL, "success", second + 0.5)
    assert gates.describe("api", 15.0) == "api (10/min, next in 0:45)"
    gates.enter(CALL, 60.0)
    gates.leave(CALL, "failed", 61.0)
    assert gates.describe("shaky", 61.0) == "shaky (circuit open, 0:30)"
    gates.enter(CALL, 91.0)
    assert gates.describe("shaky", 91.0) == "shaky (circuit on trial)"
    gates.leave(CALL, "success", 92.0)
    assert gates.describe("shaky", 92.0) == "shaky"


def test_what_has_no_gate_is_only_named() -> None:
    assert Gates([]).describe("db\x1b", 0.0) == "db\ufffd"


@given(st.lists(st.sampled_from(["success", "failed", "skipped"]), min_size=1, max_size=25), st.integers(1, 3))
def test_its_circuits_are_those_of_the_scheduler(outcomes: list[Outcome], failures: int) -> None:
    resource = Resource(name="x", rate=ir.Rate(amount=2, seconds=5.0), breaker=ir.Breaker(failures=failures, open=7.0))
    tasks = {str(at): Task(id=str(at), claims=(Claim(resource="x"),)) for at in range(len(outcomes))}
    scheduler = Scheduler(
        [Node(name, claims=(("x", 1),)) for name in tasks],
        rates={"x": Rate(2, 5.0)},
        breakers={"x": Breaker(failures, 7.0)},
    )
    gates = Gates([resource])
    now, running = 0.0, list[str]()
    while not (step := scheduler.poll(now)).done:
        for name, _ in step.start:
            gates.enter(tasks[name], now)
            running.append(name)
        shut = "open" in gates.describe("x", now), "trial" in gates.describe("x", now)
        assert shut == (scheduler.breakers["x"] == "open", scheduler.breakers["x"] == "half_open")
        if running:
            now += 1.0
            name = running.pop(0)
            scheduler.finished(name, outcomes[int(name)], now)
            gates.leave(tasks[name], outcomes[int(name)], now)
        else:
            assert step.wake_at is not None
            now = step.wake_at
