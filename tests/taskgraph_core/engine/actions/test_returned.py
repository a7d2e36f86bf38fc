from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.engine.actions.returned import DEEPEST, LIMIT, kept
from taskgraph_core.record import Attempt, RunRecord, TaskRecord

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def recorded(value: object) -> RunRecord:
    attempt = Attempt(number=1, started=0.0, ended=1.0, outcome="success", result=value)
    task = TaskRecord(id="1", state="success", attempts=(attempt,))
    return RunRecord(
        run_id="r",
        graph_id="g",
        fingerprint="f",
        system="local",
        state="success",
        started=0.0,
        ended=1.0,
        tasks=(task,),
    )


@given(VALUES)
def test_what_is_kept_survives_a_record_and_is_what_json_makes_of_it(value: object) -> None:
    found = kept(value)
    assert found == json.loads(json.dumps(value))
    record = recorded(found)
    assert RunRecord.model_validate_json(record.model_dump_json()) == record


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "JSON cannot hold it"),
        ({"a": float("inf")}, "JSON cannot hold it"),
        (object(), "JSON cannot hold it"),
        ({1, 2}, "JSON cannot hold it"),
        (b"bytes", "JSON cannot hold it"),
        ({(1, 2): 3}, "JSON cannot hold it"),
        ("\ud800", "JSON cannot hold it"),
        (nested(10_000), "JSON cannot hold it"),
        ([10**5_000], "JSON cannot hold it"),
        (nested(DEEPEST + 1), f"nested more than {DEEPEST} deep"),
        ("x" * (LIMIT - 1), f"as JSON it has {LIMIT + 1} bytes"),
        ("\u00e9" * (LIMIT // 2), f"as JSON it has {LIMIT + 2} bytes"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        kept(value)


def test_as_much_as_is_allowed_is_kept_and_can_be_read_back() -> None:
    assert kept("x" * (LIMIT - 2)) == "x" * (LIMIT - 2)
    deep = kept(nested(DEEPEST))
    assert RunRecord.model_validate_json(recorded(deep).model_dump_json()).tasks[0].attempts[0].result == deep


def test_what_is_kept_does_not_change_with_what_was_returned() -> None:
    returned = {"rows": [1]}
    found = kept(returned)
    returned["rows"].append(2)
    assert found == {"rows": [1]}


def test_an_object_that_breaks_while_it_is_looked_at_is_refused() -> None:
    class Broken(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError

    with pytest.raises(ValueError, match="RuntimeError"):
        kept(Broken(a=1))
