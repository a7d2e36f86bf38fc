"""A run that can never go on says so, instead of waiting for ever."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.events import RunAborted
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Claim, Rate, Resource
from taskgraph_core.scheduler.gates import Gate

if TYPE_CHECKING:
    from .conftest import Project


def test_a_run_in_which_nothing_can_ever_start_ends_and_says_what_waits_for_what(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "opens_at", lambda *_: inf)  # which no gate does by itself
    graph = graph_of(
        "free",
        "shut\x1b < free",
        "b < shut\x1b",
        "c < shut\x1b",
        "d < b c",
        tasks={"shut\x1b": {"claims": (Claim(resource="api"),)}},
        resources=(Resource(name="api", rate=Rate(amount=1, seconds=1)),),
    )

    with pytest.raises(EngineError) as stuck:
        project.run(graph)

    assert stuck.value.what == "nothing runs and nothing can start"
    assert stuck.value.where == (
        r"task 'shut\x1b' waits for 'api'; task 'b' waits for 'shut\x1b'; task 'c' waits for 'shut\x1b'; and 1 more"
    )
    assert stuck.value.fix
    assert project.of(RunAborted)
