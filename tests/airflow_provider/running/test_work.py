from __future__ import annotations

from typing import Any

import pytest

from airflow_provider.running.work import call_of, resources_of
from taskgraph_core.engine.attempt import Call
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Breaker, Command, Python, Rate, Resource, Task


def call(told: dict[str, Any], **fields: Any) -> Call:
    return call_of(told, {"id": "1", **fields}, 2)


def test_what_rows_say_is_what_the_core_does() -> None:
    assert call({"command": ["make", "all"]}) == Call(Task(id="1", action=Command(argv=("make", "all"))), 2)
    assert call({"command": "make", "cwd": "x", "env": {"A": "1"}}, timeout=3.0) == Call(
        Task(id="1", timeout=3.0, action=Command(shell="make", cwd="x", env={"A": "1"})), 2
    )
    assert call({"call": "a:b", "arguments": {"x": 1}, "process": True}).action == Python(
        entry_point="a:b", kwargs={"x": 1}, process=True
    )
    assert call({"command": "make clean", "undo": True}) == Call(
        Task(id="1", rollback=Command(shell="make clean")), 2, undo=True
    )


@pytest.mark.parametrize(
    "told", [{}, {"command": ""}, {"command": []}, {"command": 3}, {"call": "a.b"}, {"command": "x", "call": "a:b"}]
)
def test_what_is_no_action_is_refused_with_an_example(told: dict[str, Any]) -> None:
    with pytest.raises(TargetError, match=r"no action.*write"):
        call(told)


def test_what_is_no_field_is_refused() -> None:
    with pytest.raises(TargetError, match="no task: priority"):
        call({"command": "x"}, priority="highest")


def test_limits_are_rates_and_breakers_by_resource() -> None:
    assert resources_of({"api": {"rate": {"amount": 2, "seconds": 1}, "breaker": {"failures": 3}}}) == [
        Resource(name="api", rate=Rate(amount=2, seconds=1), breaker=Breaker(failures=3))
    ]
    with pytest.raises(TargetError, match=r"no limit.*write"):
        resources_of({"api": {"rate": 2}})
