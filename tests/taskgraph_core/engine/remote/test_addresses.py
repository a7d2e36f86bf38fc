from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from support.command import Command
from taskgraph_core.engine.remote import connected
from taskgraph_core.errors import TaskgraphError

if TYPE_CHECKING:
    from pathlib import Path


def connect(url: str) -> None:
    async def main() -> None:
        async with connected(url):
            pass

    asyncio.run(main())


@pytest.mark.parametrize(
    "url",
    [
        "dask",
        "dask://",
        "dask://host",
        "dask://host:port",
        "dask://host:99999",
        "dask://auto",
        "dask://host:1/path",
        "tcp://host:8786",
        "ray://",
        "ray://host",
        "://host:1",
        "dask://[::1",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(TaskgraphError, match="not the address of a cluster") as caught:
        connect(url)
    assert "dask://host:8786" in caught.value.fix


@pytest.mark.parametrize(
    ("url", "package", "fix"),
    [
        ("dask://host:8786", "distributed", "taskgraph[dask]"),
        ("dask://[::1]:8786", "distributed", "taskgraph[dask]"),
        ("ray://host:10001", "ray", "taskgraph[ray]"),
        ("ray://auto", "ray", "taskgraph[ray]"),
    ],
)
def test_a_missing_package_is_named(url: str, package: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TaskgraphError, match="is not installed") as caught:
        connect(url)
    assert fix in caught.value.fix


def test_the_command_says_what_is_wrong_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.json").write_text('{"master": {"tasks": [{"id": 1, "title": "x"}]}}')
    (tmp_path / "taskgraph.toml").write_text('[defaults]\ncommand = "true"\n')
    ended = Command(capsys)("run", tmp_path / "tasks.json", "--executor", "http://host:1")

    assert ended.code == 2
    assert "this is not the address of a cluster" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / ".taskgraph" / "runs").exists()


def test_a_simulation_needs_no_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tasks.json").write_text('{"master": {"tasks": [{"id": 1, "title": "x"}]}}')
    ended = Command(capsys)("run", tmp_path / "tasks.json", "--simulate", "--executor", "ray://auto")

    assert ended.code == 2
    assert "a simulation carries nothing out" in " ".join(ended.err.split())
