from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.plans import plan_file, task
from taskgraph_core.errors import InputError
from taskgraph_core.sync import sync_statuses
from taskgraph_core.sync import write as write_module
from taskgraph_core.taskmaster.document import read_text
from taskgraph_core.taskmaster.locate import Location, locate

if TYPE_CHECKING:
    from pathlib import Path

WRITERS, TASKS = 6, 8
ONE_WRITER = """
import sys
from taskgraph_core.sync import sync_statuses
from taskgraph_core.taskmaster.locate import locate

place, writer, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.stdin.read()
for number in range(tasks):
    synced = sync_statuses(locate(place), "master", {f"{writer}.{number}": "done"})
    assert not synced.skipped
"""


def test_a_status_goes_into_the_file_and_everything_else_stays(tmp_path: Path) -> None:
    place = tmp_path / "tasks.json"
    place.write_bytes('\ufeff{"tasks": [\r\n{"id": 1.0, "status": "pending", "é": "\\u00e9"}]}\r\n'.encode())
    place.chmod(0o640)

    synced = sync_statuses(locate(str(place)), "master", {"1.0": "done", "9": "done"})

    assert place.read_bytes() == '\ufeff{"tasks": [\r\n{"id": 1.0, "status": "done", "é": "\\u00e9"}]}\r\n'.encode()
    assert place.stat().st_mode & 0o7777 == 0o640
    assert synced.changed == {"1.0": "done"}
    assert synced.skipped.keys() == {"9"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["tasks.json"]


def test_a_plan_that_says_so_already_is_not_touched(tmp_path: Path) -> None:
    place = plan_file(tmp_path, [task(1, status="done")])
    before = place.stat()

    assert not sync_statuses(locate(str(place)), "master", {"1": "done"}).changed

    assert place.stat().st_ino == before.st_ino
    assert place.stat().st_mtime_ns == before.st_mtime_ns


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    place = plan_file(tmp_path / "real", [task(1)])
    link = tmp_path / "tasks.json"
    link.symlink_to(place)

    sync_statuses(locate(str(link)), "master", {"1": "done"})

    assert link.is_symlink()
    assert '"done"' in place.read_text()


def test_standard_input_cannot_be_written_back(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written back"):
        sync_statuses(Location(None, tmp_path), "master", {"1": "done"})


def test_a_compiled_graph_is_no_plan(tmp_path: Path) -> None:
    place = tmp_path / "graph.json"
    place.write_text('{"schema_version": 1, "id": "a"}')

    with pytest.raises(InputError, match="no list of tasks"):
        sync_statuses(locate(str(place)), "master", {"1": "done"})


def test_what_an_editor_saves_at_the_same_moment_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = plan_file(tmp_path, [task(1), task(2)])
    edited = json.dumps([task(1), task(2), task(3, title="new")])

    def read_and_save(location: Location) -> str:
        text = read_text(location)
        if '"new"' not in text:
            place.write_text(edited)
        return text

    monkeypatch.setattr(write_module, "read_text", read_and_save)

    sync_statuses(locate(str(place)), "master", {"1": "done"})

    assert place.read_text() == edited.replace('"pending"', '"done"', 1)


def test_an_editor_that_never_stops_saving_gets_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = plan_file(tmp_path, [task(1)])

    def read_and_save(location: Location) -> str:
        text = read_text(location)
        place.write_text(text + " ")
        return text

    monkeypatch.setattr(write_module, "read_text", read_and_save)

    with pytest.raises(InputError, match="has changed since it was read"):
        sync_statuses(locate(str(place)), "master", {"1": "done"})

    assert '"done"' not in place.read_text()


def test_of_writers_at_the_same_time_none_loses_anything(tmp_path: Path) -> None:
    tasks = [task(writer, *(task(number) for number in range(TASKS))) for writer in range(WRITERS)]
    place = plan_file(tmp_path, tasks)
    writers = [
        subprocess.Popen([sys.executable, "-c", ONE_WRITER, str(place), str(writer), str(TASKS)], stdin=subprocess.PIPE)
        for writer in range(WRITERS)
    ]

    for writer in writers:  # they begin together
        assert writer.stdin is not None
        writer.stdin.close()

    assert [writer.wait() for writer in writers] == [0] * WRITERS
    after = json.loads(place.read_text())["master"]["tasks"]
    assert {raw["status"] for raw in after} == {"done"}
    assert {sub["status"] for raw in after for sub in raw["subtasks"]} == {"done"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["tasks.json"]
