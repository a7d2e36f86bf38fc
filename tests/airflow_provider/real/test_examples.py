"""The examples on the real Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskgraph_core.compile import Request, compile_request

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ["nightly", "bookmarks"])
def test_the_committed_dags_are_read_without_objection(name: str, load: Callable[[Path], Any]) -> None:
    dag = load(ROOT / "dags" / f"{name}.py")

    assert dag.dag_id == name


def test_the_nightly_example_does_its_work(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLY_OUT", str(tmp_path))
    graph = compile_request(Request(str(ROOT / "examples/nightly"))).graph

    ended = run(graph, project_dir=str(ROOT / "examples/nightly"))

    assert ended.state == "success"
    assert {ended.tasks[task_id] for task_id in graph.by_id} == {"success"}
    assert ended.tries["1.3"] == 2
    assert (tmp_path / "current.html").read_bytes() == (tmp_path / "report.html").read_bytes()
