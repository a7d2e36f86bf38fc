from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider.dynamic import wanted as module
from airflow_provider.dynamic.wanted import Wanted, key_of
from taskgraph_core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def wanted(project: Path, **fields: Any) -> Wanted:
    everything: dict[str, Any] = {
        "spec": str(project),
        "tag": None,
        "profile": None,
        "select": (),
        "exclude": (),
        "again": False,
        "options": {},
    }
    return Wanted(**everything | fields)


def test_nothing_changed_means_the_same_key(project: Path) -> None:
    before = key_of(wanted(project))
    (project / "README.md").write_text("about something else")
    plan = project / ".taskmaster/tasks/tasks.json"
    plan.write_bytes(plan.read_bytes())

    assert key_of(wanted(project)) == before
    assert key_of(wanted(plan)) == before


@pytest.mark.parametrize(
    "place",
    [
        ".taskmaster/tasks/tasks.json",
        ".taskmaster/tasks/taskgraph.toml",
        "taskgraph.toml",
        ".taskmaster/taskgraph.toml",
        ".taskmaster/reports/task-complexity-report.json",
        "scripts/task-complexity-report.json",
        "task-complexity-report.json",
    ],
)
def test_each_file_that_goes_into_the_dag_changes_the_key(project: Path, place: str) -> None:
    keys = {key_of(wanted(project))}
    (project / place).parent.mkdir(exist_ok=True)
    for content in (b"", b"a", b"b"):
        (project / place).write_bytes(content)
        keys.add(key_of(wanted(project)))

    assert len(keys) == 4


@pytest.mark.parametrize(
    "fields",
    [
        {"tag": "later"},
        {"select": ("1",)},
        {"exclude": ("1",)},
        {"again": True},
        {"options": {"project_dir": "/x"}},
        {"profile": "/no/such/file"},
    ],
)
def test_whatever_is_asked_changes_the_key(project: Path, fields: dict[str, Any]) -> None:
    assert key_of(wanted(project, **fields)) != key_of(wanted(project))


def test_the_key_follows_the_tag_that_taskmaster_is_at(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, later = key_of(wanted(project)), key_of(wanted(project, tag="later"))
    state = project / ".taskmaster/state.json"
    state.write_text(json.dumps({"currentTag": "later", "lastSwitched": "2030-01-01"}))
    assert key_of(wanted(project)) == later
    state.write_text(json.dumps({"currentTag": "later", "lastSwitched": "2031-01-01"}))
    assert key_of(wanted(project)) == later

    monkeypatch.setenv("TASKMASTER_TAG", "master")
    assert key_of(wanted(project)) == before


def test_the_name_of_the_project_counts_and_its_place_does_not(project: Path, tmp_path: Path) -> None:
    before = key_of(wanted(project))
    (tmp_path / "elsewhere").mkdir()
    moved = project.rename(tmp_path / "elsewhere/shop")
    assert key_of(wanted(moved)) == before
    renamed = moved.rename(tmp_path / "store")
    assert key_of(wanted(renamed)) != before


def test_another_generator_means_another_key(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {key_of(wanted(project))}
    monkeypatch.setattr(module, "_ROOMS", ("code",))
    monkeypatch.setattr(module, "_SOURCE", str(tmp_path))
    (tmp_path / "code").mkdir()
    for text in ("a = 1\n", "a = 11\n", "a = 12\n"):
        (tmp_path / "new.py").write_text(text)
        os.utime(tmp_path / "new.py", (1, 1))
        (tmp_path / "new.py").rename(tmp_path / "code/a.py")
        keys.add(key_of(wanted(project)))

    assert len(keys) == 4
    assert key_of(wanted(project)) in keys


def test_there_must_be_a_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        key_of(wanted(tmp_path / "missing"))


OBSERVED = """
import os, sys
from pathlib import Path
looked_at = set()
for name in ("is_file", "read_text", "read_bytes"):
    def spy(self, *arguments, _really=getattr(Path, name), **options):
        looked_at.add(str(self.absolute()))
        return _really(self, *arguments, **options)
    setattr(Path, name, spy)
project = sys.argv[1]
sys.addaudithook(lambda event, arguments: event == "open" and looked_at.add(os.path.abspath(str(arguments[0]))))
from airflow_provider.dynamic.building import build
from airflow_provider.dynamic.wanted import _ROOMS, _SOURCE, Wanted, _files, locate
wanted = Wanted(project, None, None, (), (), False, {})
build(wanted)
keyed = {str(place.absolute()) for place in _files(wanted, locate(project), "master")}
taskmaster = os.path.join(project, ".taskmaster")
state = {os.path.join(taskmaster, "state.json"), os.path.join(taskmaster, "config.json")}
print({place for place in looked_at if place.startswith(project)} - keyed - state)
print(len(keyed & looked_at) > 2)
rooms = {os.path.join(_SOURCE, room) for room in (*_ROOMS, "airflow_provider")}
packages = ("airflow_provider", "taskgraph_core")
ours = {module.__file__ for name, module in sys.modules.items() if name.split(".")[0] in packages}
print({file for file in ours if os.path.dirname(file) not in rooms})
"""


def test_compiling_looks_at_no_other_files_and_needs_no_other_code(project: Path) -> None:
    (project / ".taskmaster/taskgraph.toml").write_text('conflicts = "order"\n[defaults]\ncommand = ["true"]\n')

    ended = subprocess.run([sys.executable, "-c", OBSERVED, project], capture_output=True, text=True, check=False)

    assert ended.stdout.split("\n")[:3] == ["set()", "True", "set()"], ended.stderr
