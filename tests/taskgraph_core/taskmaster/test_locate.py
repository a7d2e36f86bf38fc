from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.errors import InputError
from taskgraph_core.taskmaster.locate import PLACES, Location, locate, read_object, wanted_tag

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: object = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Location:
    monkeypatch.delenv("TASKMASTER_TAG", raising=False)
    return Location(write(tmp_path / "tasks.json"), tmp_path)


# --- the plan ---------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_a_project_folder_is_searched_for_its_plan(tmp_path: Path, place: str) -> None:
    plan = write(tmp_path / place)

    assert locate(str(tmp_path)) == Location(plan, tmp_path)


def test_the_most_usual_place_wins(tmp_path: Path) -> None:
    for place in PLACES:
        write(tmp_path / place)

    assert locate(str(tmp_path)).plan == tmp_path / ".taskmaster/tasks/tasks.json"


@pytest.mark.parametrize("place", [*PLACES, "plans/other.json", "tasks/more/tasks.json"])
def test_a_file_stands_for_itself(tmp_path: Path, place: str) -> None:
    plan = write(tmp_path / place)

    assert locate(str(plan)).plan == plan


@pytest.mark.parametrize("place", PLACES)
def test_the_project_of_a_plan_is_the_folder_above_taskmasters_own(tmp_path: Path, place: str) -> None:
    assert locate(str(write(tmp_path / place))).project == tmp_path


def test_the_project_of_a_plan_named_from_inside_its_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / PLACES[0])
    monkeypatch.chdir(tmp_path / ".taskmaster" / "tasks")

    assert locate("tasks.json").project.resolve() == tmp_path.resolve()


def test_a_dash_is_standard_input_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    location = locate("-")

    assert location.plan is None
    assert location.project.resolve() == tmp_path.resolve()
    assert location.name == "standard input"


def test_a_folder_without_a_plan_is_an_error_that_says_where_was_looked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no plan in this folder") as error:
        locate(str(tmp_path))

    assert all(place in error.value.fix for place in PLACES)


@pytest.mark.parametrize("spec", ["nowhere.json", "no/where", "a\x00b", "x" * 5000, "\ud800"])
def test_what_does_not_exist_is_an_error(spec: str) -> None:
    with pytest.raises(InputError):
        locate(spec)


# --- the tag ----------------------------------------------------------------------------


def test_the_tag_is_the_argument_first(project: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMASTER_TAG", "environment")

    assert wanted_tag(project, "argument") == ("argument", "--tag")


def test_then_the_environment(project: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMASTER_TAG", "environment")
    write(project.taskmaster / "state.json", {"currentTag": "state"})

    assert wanted_tag(project, None) == ("environment", "TASKMASTER_TAG")


def test_then_taskmasters_state(project: Location) -> None:
    write(project.taskmaster / "state.json", {"currentTag": "state"})
    write(project.taskmaster / "config.json", {"global": {"defaultTag": "config"}})

    assert wanted_tag(project, None) == ("state", "state.json")


def test_then_taskmasters_configuration(project: Location) -> None:
    write(project.taskmaster / "config.json", {"global": {"defaultTag": "config"}})

    assert wanted_tag(project, None) == ("config", "config.json")


def test_then_master(project: Location) -> None:
    assert wanted_tag(project, None) == ("master", "the default")


@pytest.mark.parametrize(
    "said", [{}, [], "x", {"currentTag": 3}, {"currentTag": ""}, {"global": []}, {"global": {"defaultTag": 3}}, None]
)
def test_files_that_say_nothing_useful_say_nothing(project: Location, said: object) -> None:
    write(project.taskmaster / "state.json", said)
    write(project.taskmaster / "config.json", said)

    assert wanted_tag(project, None) == ("master", "the default")


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b"9" * 5000])
def test_a_damaged_file_says_nothing(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "state.json").write_bytes(damage)

    assert read_object(tmp_path / "state.json") == {}


def test_a_byte_order_mark_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(b'\xef\xbb\xbf{"currentTag": "a"}')

    assert read_object(tmp_path / "state.json") == {"currentTag": "a"}
