from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.engine.events import (
    LimitChanged,
    RunResumed,
    RunStopping,
    TaskAdded,
    TaskEnded,
    TaskFinal,
    TaskLost,
    TaskRetrying,
    TaskSpawned,
    TaskStarted,
    UndoEnded,
    UndoStarted,
)
from taskgraph_core.engine.journal.codec import decode, dumps, encode
from taskgraph_core.ir import Command, Task, Wait
from taskgraph_core.record import Attempt

TEXT = st.text(max_size=20)
WELL_FORMED = st.text(st.characters(codec="utf-8"), max_size=20)
TIME = st.floats(0, 1e11)
NUMBER = st.integers(1, 1000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT, st.lists, max_leaves=4
)
ATTEMPT = st.builds(
    Attempt,
    number=NUMBER,
    started=TIME,
    ended=TIME,
    outcome=st.sampled_from(["success", "failed", "skipped", "cancelled"]),
    exit_code=st.none() | st.integers(-64, 255),
    error=WELL_FORMED,
    worker=WELL_FORMED,
    cpu_seconds=st.none() | TIME,
    peak_memory=st.none() | st.integers(0, 2**50),
    result=JSON,
)
TASK = st.builds(
    Task,
    id=WELL_FORMED.filter(bool),
    title=WELL_FORMED,
    action=st.sampled_from([Command(shell="true"), Wait(what="file", target="x")]),
)
EVENT = st.one_of(
    st.builds(RunResumed, TIME, st.booleans(), st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(RunStopping, TIME, TEXT, TEXT, st.booleans()),
    st.builds(LimitChanged, TIME, NUMBER, TEXT),
    st.builds(TaskAdded, TIME, TASK),
    st.builds(TaskStarted, TIME, TEXT, NUMBER),
    st.builds(TaskSpawned, TIME, TEXT, NUMBER, NUMBER, st.integers(0, 2**63)),
    st.builds(TaskEnded, TIME, TEXT, ATTEMPT),
    st.builds(TaskLost, TIME, TEXT, ATTEMPT, st.booleans()),
    st.builds(TaskRetrying, TIME, TEXT, NUMBER, TIME),
    st.builds(TaskFinal, TIME, TEXT, st.sampled_from(["success", "failed", "skipped", "upstream_failed", "cancelled"])),
    st.builds(UndoStarted, TIME, TEXT, NUMBER),
    st.builds(UndoEnded, TIME, TEXT, ATTEMPT),
)


@given(st.lists(EVENT, max_size=5))
def test_what_is_written_is_read_back(events: list[TaskStarted]) -> None:
    text = dumps(encode(events))

    assert text.isascii()
    assert [decode(row) for row in json.loads(text)] == events


def test_a_result_that_json_cannot_hold_does_not_keep_the_end_from_being_recorded() -> None:
    attempt = Attempt(number=1, started=0.0, ended=1.0, outcome="success", result={"open": object()})

    (row,) = json.loads(dumps(encode([TaskEnded(1.0, "1", attempt)])))

    assert decode(row) == TaskEnded(1.0, "1", attempt.model_copy(update={"result": {"open": None}}))


@pytest.mark.parametrize("row", [["unheard of", 1.0], ["start"], ["end", 1.0, "1", [1]], ["end", 1.0, "1", [0] * 10]])
def test_what_is_no_event_of_this_version_is_refused(row: list[object]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        decode(row)
