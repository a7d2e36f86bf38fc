from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from taskgraph_core.record import RunRecord, TaskRecord
from taskgraph_core.sync.states import Failed, status_of, statuses_of

if TYPE_CHECKING:
    from taskgraph_core.record import TaskState


@pytest.mark.parametrize(
    ("state", "status"),
    [("success", "done"), ("failed", "pending"), ("skipped", None), ("upstream_failed", None), ("cancelled", None)],
)
def test_an_outcome_means_a_status_or_leaves_it(state: TaskState, status: str | None) -> None:
    assert status_of(state) == status


@pytest.mark.parametrize("failed", ["pending", "blocked"])
def test_what_failed_becomes_what_was_chosen(failed: Failed) -> None:
    assert status_of("failed", failed=failed) == failed


def test_what_was_undone_is_not_done() -> None:
    record = RunRecord(
        run_id="r",
        graph_id="g",
        fingerprint="f",
        system="local",
        state="failed",
        started=0,
        ended=1,
        tasks=(
            TaskRecord(id="1", state="success"),
            TaskRecord(id="2", state="success", undo="undone"),
            TaskRecord(id="3", state="success", undo="failed"),
            TaskRecord(id="4", state="failed"),
            TaskRecord(id="5", state="upstream_failed"),
        ),
    )

    assert statuses_of(record) == {"1": "done", "2": "pending", "3": "pending", "4": "pending"}
