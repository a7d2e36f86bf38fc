"""A project with a plan, and a place of its own for what is compiled of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Airflow's home, where entries are kept; the user's caches lie elsewhere."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder whose plan has two tags."""
    folder = tmp_path / "shop"
    (folder / ".taskmaster/tasks").mkdir(parents=True)
    first = {"id": 1, "title": "First", "status": "pending"}
    second = {"id": 2, "title": "Second", "status": "pending", "dependencies": [1]}
    plan = {"master": {"tasks": [first, second]}, "later": {"tasks": [first]}}
    (folder / ".taskmaster/tasks/tasks.json").write_text(json.dumps(plan))
    (folder / ".taskmaster/taskgraph.toml").write_text('[defaults]\ncommand = ["true"]\n')
    return folder
