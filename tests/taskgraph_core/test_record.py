from __future__ import annotations

import pickle

import pytest
from pydantic import ValidationError

from taskgraph_core.record import Attempt, RunRecord, TaskRecord

RECORD = RunRecord(
    run_id="r1",
    graph_id="night",
    fingerprint="0" * 16,
    system="local",
    state="failed",
    started=100.0,
    ended=103.25,
    tasks=(
        TaskRecord(
            id="1", state="success", attempts=(Attempt(number=1, started=100.0, ended=101.5, outcome="success"),)
        ),
        TaskRecord(
            id="2",
            state="failed",
            attempts=(
                Attempt(number=1, started=101.5, ended=102.0, outcome="failed", exit_code=3, error="exit code 3"),
                Attempt(number=2, started=102.0, ended=103.25, outcome="failed", exit_code=3, error="exit code 3"),
            ),
        ),
        TaskRecord(id="3", state="upstream_failed"),
    ),
)


def test_a_record_survives_being_written_and_read() -> None:
    assert RunRecord.model_validate_json(RECORD.model_dump_json()) == RECORD


def test_a_record_is_summed_up_in_one_line() -> None:
    assert RECORD.summary() == {
        "run_id": "r1",
        "state": "failed",
        "states": {"1": "success", "2": "failed", "3": "upstream_failed"},
        "seconds": 3.25,
    }


def test_times_are_differences() -> None:
    assert RECORD.seconds == 3.25
    assert RECORD.by_id["2"].attempts[1].seconds == 1.25


def test_a_changed_copy_forgets_what_was_derived_from_the_original() -> None:
    assert set(RECORD.by_id) == {"1", "2", "3"}

    assert set(RECORD.model_copy(update={"tasks": RECORD.tasks[:1]}).by_id) == {"1"}


@pytest.mark.parametrize(
    "change", [{"state": "running"}, {"record_version": 2}, {"odd": 1}, {"tasks": [{"id": "1", "state": "queued"}]}]
)
def test_a_record_that_says_something_else_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RunRecord.model_validate(RECORD.model_dump() | change)


def test_a_trusted_attempt_is_like_a_validated_one_in_every_way() -> None:
    fields = {
        "number": 2,
        "started": 1.5,
        "ended": 2.5,
        "outcome": "failed",
        "exit_code": 1,
        "error": "exit code 1",
        "worker": "here",
        "cpu_seconds": 0.25,
        "peak_memory": 4096,
        "result": {"a": [1]},
    }
    assert list(fields) == list(Attempt.model_fields)
    trusted, validated = Attempt.trusted(dict(fields)), Attempt(**fields)
    assert trusted == validated
    assert trusted.model_dump_json() == validated.model_dump_json()
    assert trusted.model_copy(update={"error": "x"}) == validated.model_copy(update={"error": "x"})
    assert pickle.loads(pickle.dumps(trusted)) == validated  # noqa: S301 - pickled one line before
