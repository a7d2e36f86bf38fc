"""The modes as the command knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from support.command import Command
from support.graphs import graph_of
from taskgraph_core.display import Mode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    place = tmp_path / "graph.json"
    place.write_text(graph_of("first", "second < first").model_dump_json())
    return place


@pytest.mark.parametrize("mode", get_args(Mode))
def test_every_mode_is_an_option_and_ends_with_the_summary(
    mode: Mode, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = Command(capsys)("run", plan, "--simulate", "--display", mode)
    assert ended.code == 0
    assert "run simulation of example: success" in ended.out
    assert ("start    first" in ended.out) == (mode in ("realtime", "hybrid"))


def test_an_unknown_mode_is_a_usage_error(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = Command(capsys)("run", plan, "--simulate", "--display", "bars")
    assert ended.code == 2
    assert "bars" in ended.err
