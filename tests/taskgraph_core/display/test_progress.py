from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core.display.progress import Progress
from taskgraph_core.engine.events import RunStarted, TaskEnded
from taskgraph_core.engine.simulate import simulate_run
from taskgraph_core.ir import Claim, Resource, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.events import Event
    from taskgraph_core.ir import Task, TaskGraph
    from taskgraph_core.scheduler import Outcome

    from .conftest import Standing


@settings(deadline=None)
@given(graphs(), st.integers(0, 50))
def test_every_task_is_in_exactly_one_place_at_every_moment(graph: TaskGraph, seed: int) -> None:
    def outcome(task: Task, attempt: int) -> Outcome:
        return "failed" if (7 * int(task.id) + 3 * attempt + seed) % 4 == 0 else "success"

    progress: Progress | None = None

    def check(event: Event) -> None:
        nonlocal progress
        if isinstance(event, RunStarted):
            progress = Progress(event)
        assert progress is not None
        progress.note(event)
        assert 0 <= progress.final <= progress.total
        assert progress.waiting >= 0 or progress.undoing
        assert len(progress.ready) <= max(0, progress.waiting)
        assert sum(number for _, number in progress.waits()) == max(0, progress.waiting)

    simulate_run(graph, observers=[check], outcome=outcome, max_parallel=2)
    assert progress is not None
    assert progress.final == progress.total
    assert not progress.running
    assert not progress.resting
    assert not progress.ready


def ends(task_id: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, TaskEnded) and event.task_id == task_id


def test_waiting_tasks_say_what_they_wait_for(standing: Standing) -> None:
    claim = {"claims": (Claim(resource="db"),)}
    graph = graph_of(
        "a",
        "b",
        "c",
        "d",
        "e",
        "f < a",
        tasks={"a": claim, "c": claim, "d": claim},
        resources=(Resource(name="db", capacity=1),),
    )
    progress = standing(graph, ends("a"), max_parallel=2)
    assert progress.waiting == 4
    assert progress.waits() == [("for other tasks", 1), ("for db", 2), ("for a free place", 1)]


def test_groups_count_their_members(standing: Standing) -> None:
    graph = graph_of("1", "1.1", "1.2 < 1.1", tasks={"1.1": {"group": "1"}, "1.2": {"group": "1"}})
    group = standing(graph, ends("1.2")).groups["1"]
    assert (group.total, group.final, group.running, group.failed) == (2, 1, 1, 0)


def test_a_resting_task_neither_waits_nor_runs(standing: Standing) -> None:
    graph = graph_of("a", "b < a", tasks={"a": {"retry": Retry(attempts=2, delay=30.0)}})
    progress = standing(graph, lambda event: event.time > 1.0, failing="a")
    assert (progress.resting, progress.waiting, progress.running) == ({"a": (2, 31.0)}, 1, {})
