from __future__ import annotations

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import RunResumed, TaskEnded, TaskFinal, TaskStarted
from taskgraph_core.engine.journal.codec import encode
from taskgraph_core.engine.journal.story import Life, tell
from taskgraph_core.record import Attempt

GRAPH = graph_of("1", "2 < 1")
FIRST = Life(10.0, "run", GRAPH.id, GRAPH.fingerprint, "local", 2).row()


def success(task_id: str, started: float, ended: float) -> TaskEnded:
    return TaskEnded(ended, task_id, Attempt(number=1, started=started, ended=ended, outcome="success"))


def test_breaks_between_two_lives_are_no_active_time() -> None:
    second = Life(100.0, "run", GRAPH.id, GRAPH.fingerprint, "local", 2).row()
    rows = [
        FIRST,
        *encode([TaskStarted(11.0, "1", 1)]),
        second,
        *encode([RunResumed(100.0), TaskStarted(103.0, "1", 2)]),
    ]

    story = tell(rows)

    assert (story.started, story.last, story.active) == (10.0, 103.0, 1.0 + 3.0)


def test_an_ended_run_that_goes_on_has_not_ended() -> None:
    assert tell([FIRST, ["ended", 12.0, "failed"]]).ended == "failed"
    assert tell([FIRST, ["ended", 12.0, "failed"], FIRST]).ended is None


def test_the_record_follows_from_the_events_also_where_final_states_were_not_recorded_any_more() -> None:
    events = [TaskStarted(11.0, "1", 1), success("1", 11.0, 12.0), TaskFinal(12.0, "1", "success")]
    events += [TaskStarted(12.0, "2", 1), success("2", 12.0, 13.0)]
    story = tell([FIRST, ["run", 10.5], *encode(events), ["ended", 13.5, "success"]])

    record = story.record(GRAPH)

    assert record.states == {"1": "success", "2": "success"}
    assert (record.started, record.ended, record.fingerprint) == (10.5, 13.5, GRAPH.fingerprint)


def test_a_run_that_has_not_ended_has_no_record() -> None:
    with pytest.raises(ValueError, match="not ended"):
        tell([FIRST]).record(GRAPH)


@pytest.mark.parametrize(
    "rows", [[], [["run", 1.0]], [[]], [["life"]], [[*FIRST[:2], 2, *FIRST[3:]]], [FIRST, ["start", 1.0]]]
)
def test_rows_of_another_kind_or_version_are_refused(rows: list[list[object]]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        tell(rows)
