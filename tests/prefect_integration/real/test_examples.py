"""The nightly example on the real Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.compile import Request, compile_request

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(ROOT / "examples/nightly")
    monkeypatch.setenv("NIGHTLY_OUT", str(tmp_path / "out"))
    return tmp_path / "out"


def test_the_nightly_example_does_its_work(finish: Callable[..., Any], night: Path) -> None:
    graph = compile_request(Request(str(ROOT / "examples/nightly"))).graph

    ended = finish(graph)

    assert ended.state.is_completed()
    assert set(ended.states.values()) == {"success"}
    assert len(ended.of("1.3")) == 2
    assert (night / "current.html").read_bytes() == (night / "report.html").read_bytes()


def test_a_night_that_goes_wrong_is_undone(
    finish: Callable[..., Any], night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLY_FAIL", "1")
    graph = compile_request(Request(str(ROOT / "examples/nightly"))).graph

    ended = finish(graph)

    assert ended.state.is_failed()
    assert ended.states["8"] == "failed"
    assert next(iter(ended.undone)) == "7"
    assert set(ended.undone) == {"7", "2.1", "2.2", "2.3"}
    assert all(ended.undone.values())
    assert not (night / "current.html").exists()
