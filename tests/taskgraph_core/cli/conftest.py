"""A project to call the command on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.command import Command

if TYPE_CHECKING:
    from pathlib import Path

PLAN = {
    "master": {
        "tasks": [
            {"id": 1, "title": "Fetch", "description": "", "status": "pending", "priority": "high", "dependencies": []},
            {"id": 2, "title": "Load", "description": "", "status": "pending", "priority": "low", "dependencies": [1]},
            {"id": 3, "title": "Old", "description": "", "status": "done", "priority": "low", "dependencies": []},
        ]
    },
    "other": {"tasks": [{"id": 1, "title": "Alone", "status": "pending", "dependencies": [9]}]},
}


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.delenv("TASKMASTER_TAG", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return Command(capsys)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    place = tmp_path / "tasks.json"
    place.write_text(json.dumps(PLAN, indent=2))
    return place
