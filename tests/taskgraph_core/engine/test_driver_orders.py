"""Runs that grow, rest and are told to go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from support.attempts import at_once
from support.graphs import graph_of
from taskgraph_core.engine.conductor import Conductor
from taskgraph_core.engine.driver import Driver
from taskgraph_core.engine.events import TaskFinal, TaskStarted
from taskgraph_core.ir import Task, TaskGraph

if TYPE_CHECKING:
    from taskgraph_core.engine.events import Event
    from taskgraph_core.record import RunRecord


def test_a_run_that_grows_takes_tasks_until_it_is_closed() -> None:
    async def main() -> tuple[RunRecord, list[str]]:
        heard: list[str] = []
        idle = asyncio.Event()

        def observe(event: Event) -> None:
            heard.append(type(event).__name__)
            if isinstance(event, TaskFinal):
                idle.set()

        conductor = Conductor(TaskGraph(id="grows"), [observe], run_id="test", system="test", growing=True)
        driver = Driver(conductor, at_once)
        running = asyncio.ensure_future(driver.run())
        await asyncio.sleep(0.01)
        for task in (Task(id="a"), Task(id="b", depends_on=("a",))):
            idle.clear()
            driver.order(lambda task=task: conductor.add(task, driver.clock()))  # type: ignore[misc]
            await asyncio.wait_for(idle.wait(), 60)
            assert not running.done()
        driver.order(conductor.close)
        return await asyncio.wait_for(running, 60), heard

    record, heard = asyncio.run(main())
    assert record.states == {"a": "success", "b": "success"}
    assert heard == [
        "RunStarted",
        *["TaskAdded", "TaskStarted", "TaskEnded", "TaskFinal"] * 2,
        "RunEnded",
    ]


def test_a_paused_run_waits_for_orders_and_goes_on() -> None:
    async def main() -> tuple[RunRecord, list[str]]:
        started: list[str] = []

        def observe(event: Event) -> None:
            if isinstance(event, TaskStarted):
                started.append(event.task_id)

        conductor = Conductor(graph_of("a", "b < a"), [observe], run_id="test", system="test")
        driver = Driver(conductor, at_once)
        driver.order(lambda: conductor.limit(0, "", driver.clock()))
        running = asyncio.ensure_future(driver.run())
        await asyncio.sleep(0.05)
        before = list(started)
        driver.order(lambda: conductor.limit(2, "", driver.clock()))
        return await asyncio.wait_for(running, 60), before

    record, before = asyncio.run(main())
    assert record.states == {"a": "success", "b": "success"}
    assert before in (["a"], [])  # "a" may have started before the order came


def test_a_paused_run_can_be_cancelled() -> None:
    async def main() -> RunRecord:
        conductor = Conductor(graph_of("a", "b < a"), [], run_id="test", system="test")
        driver = Driver(conductor, at_once)
        driver.order(lambda: conductor.limit(0, "", driver.clock()))
        running = asyncio.ensure_future(driver.run())
        await asyncio.sleep(0.05)
        driver.cancel("nobody wants it")
        return await asyncio.wait_for(running, 60)

    assert asyncio.run(main()).states["b"] == "cancelled"
