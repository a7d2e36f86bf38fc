from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.compile import Request, compile_request
from taskgraph_core.errors import ProfileError
from taskgraph_core.findings import errors
from taskgraph_core.profile.apply import Treatments
from taskgraph_core.profile.init import starter_profile, write_new
from taskgraph_core.profile.load import load_profile
from taskgraph_core.profile.model import (
    GraphSettings,
    Match,
    Profile,
    PythonSettings,
    RetrySettings,
    RunSettings,
    ScheduleSettings,
    Settings,
    WaitSettings,
)
from taskgraph_core.taskmaster.document import TagList
from taskgraph_core.taskmaster.plan import Plan, read_plan

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

TASKS: list[dict[str, Any]] = [
    {"id": 1, "title": "Set up", "status": "done", "priority": "critical", "subtasks": [{"id": 1}]},
    {
        "id": 2,
        "title": "Build the importer",
        "priority": "high",
        "tags": ["back end"],
        "subtasks": [{"id": 1, "title": "Read it"}],
    },
    {"id": 3, "title": "Deploy it", "dependencies": [2], "tags": ["ops"]},
]


def plan_of(tasks: list[dict[str, Any]], tag: str = "master") -> Plan:
    return read_plan(TagList(tag, tasks, "$.master.tasks"), "tasks.json")


def uncommented(text: str) -> str:
    """The profile with every example in use: the ``#`` goes from all lines where no space follows it."""
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def loaded(text: str, folder: Path) -> Profile:
    place = folder / "taskgraph.toml"
    place.write_bytes(text.encode())
    return load_profile(place)


def test_as_written_it_sets_nothing_but_a_placeholder(tmp_path: Path) -> None:
    profile = loaded(starter_profile(plan_of(TASKS), "nightly"), tmp_path)

    assert profile == Profile(defaults=Settings(command=profile.defaults.command))
    assert isinstance(profile.defaults.command, str)
    assert "nothing was done" in profile.defaults.command
    assert "$TASKGRAPH_TASK_ID" in profile.defaults.command


def test_it_says_that_the_command_is_a_placeholder_right_before_it() -> None:
    text = starter_profile(plan_of(TASKS), "nightly")

    section, _, _ = text.partition("\ncommand = ")

    assert "A PLACEHOLDER" in section.rpartition("[defaults]")[2]


def test_with_every_example_in_use_it_loads(tmp_path: Path) -> None:
    profile = loaded(uncommented(starter_profile(plan_of(TASKS), "nightly")), tmp_path)

    assert profile.graph.id == "nightly"
    assert len(profile.rules) == 7


def test_with_every_example_in_use_the_plan_still_compiles(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text(json.dumps({"master": {"tasks": TASKS}}))
    loaded(uncommented(starter_profile(plan_of(TASKS), "nightly")), tmp_path)

    compiled = compile_request(Request(str(tmp_path)))

    assert compiled.graph.id == "nightly"
    assert errors(compiled.findings) == []


def test_even_with_every_example_in_use_the_plan_is_not_trusted_nor_read_differently(tmp_path: Path) -> None:
    profile = loaded(uncommented(starter_profile(plan_of(TASKS), "nightly")), tmp_path)
    tables = {"graph", "run", "resources", "defaults", "rules"}

    assert profile.model_dump(exclude=tables) == Profile().model_dump(exclude=tables)


def test_the_examples_show_every_key_there_is() -> None:
    shown = tomllib.loads(uncommented(starter_profile(plan_of(TASKS), "nightly")))
    rules = shown["rules"]

    def keys(*tables: dict[str, Any]) -> set[str]:
        return {key for table in tables for key in table}

    def known(model: type[BaseModel]) -> set[str]:
        return set(model.model_fields)

    assert keys(shown) == known(Profile)
    assert keys(shown["graph"]) == known(GraphSettings)
    assert keys(shown["graph"]["schedule"]) == known(ScheduleSettings)
    assert keys(shown["run"]) == known(RunSettings)
    assert keys(shown["defaults"], *rules) - {"match"} == known(Settings)
    assert keys(*(rule["match"] for rule in rules)) == known(Match)
    assert keys(shown["defaults"]["retry"]) == known(RetrySettings)
    assert keys(*(rule["python"] for rule in rules if "python" in rule)) == known(PythonSettings)


def test_every_kind_of_wait_is_explained() -> None:
    text = starter_profile(plan_of(TASKS), "nightly")

    assert all(f"{key} = " in text for key in WaitSettings.model_fields)


def test_every_example_has_an_explanation_above_it() -> None:
    lines = starter_profile(plan_of(TASKS), "nightly").splitlines()
    unexplained = [
        line
        for above, line in zip(["", *lines], lines, strict=False)
        if line.startswith("#") and not line.startswith("# ") and line != "#" and above in ("", "#")
    ]

    assert unexplained == []
    assert max(map(len, lines)) <= 120


def test_the_examples_are_about_tasks_of_the_plan_that_are_not_finished() -> None:
    text = starter_profile(plan_of(TASKS), "nightly")

    matches = [rule["match"] for rule in tomllib.loads(uncommented(text))["rules"]]

    assert matches[:5] == [
        {"tag": "back end"},
        {"priority": "high", "status": ["pending", "in-progress"]},
        {"id": "2.*"},
        {"title": "Read*"},
        {"id": "3"},
    ]
    assert '# The subtasks of 2 "Build the importer":\n' in text
    assert '# One task, 3 "Deploy it":\n' in text


def test_a_plan_without_tags_on_tasks_is_matched_by_its_list() -> None:
    text = starter_profile(plan_of([{"id": 1}], tag="feature [x]"), "nightly")

    assert '#match = { tag = "feature [[]x]" }' in text.splitlines()


@pytest.mark.parametrize("tasks", [[], [{"id": 1}], [{"id": 1, "status": "done"}], [{}], [{"id": 1, "title": " "}]])
def test_any_plan_will_do(tasks: list[dict[str, Any]], tmp_path: Path) -> None:
    text = starter_profile(plan_of(tasks), "nightly")

    assert loaded(text, tmp_path).rules == ()
    assert len(loaded(uncommented(text), tmp_path).rules) == 7


HOSTILE = st.text(
    st.sampled_from("a1 \"'\\#[]{}=*?.,\n\r\t\x00\x0b\x0c\x1b\x7f\x85\u2028\u202e\ufeff\U000e0041\ud800é日$`%")
    | st.characters(),
    max_size=200,
)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_text_of_the_plan_stays_text(
    tmp_path_factory: pytest.TempPathFactory, task_id: str, title: str, label: str, tag: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    task = {"id": task_id, "title": title, "tags": [label], "subtasks": [{"id": task_id, "title": title}]}
    plan = plan_of([task], tag or "master")
    plain = plan_of([{"id": "1", "title": "One", "tags": ["x"], "subtasks": [{"id": "1", "title": "One"}]}])

    text = starter_profile(plan, "nightly")
    examples = loaded(uncommented(text), folder)
    treatments = Treatments(examples, plan.tag)
    for entry in plan.entries:
        treatments.of(entry)

    assert all(char.isprintable() or char == "\n" for char in text)
    assert [line[:2] for line in text.splitlines()] == [
        line[:2] for line in starter_profile(plain, "nightly").splitlines()
    ]
    assert loaded(text, folder) == loaded(starter_profile(plain, "nightly"), folder)
    assert treatments.matched >= set(range(5))


def test_a_new_file_is_written_as_it_is(tmp_path: Path) -> None:
    write_new(tmp_path / "taskgraph.toml", "# é\n")

    assert (tmp_path / "taskgraph.toml").read_bytes() == "# é\n".encode()


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    there, link = tmp_path / "taskgraph.toml", tmp_path / "link.toml"
    there.write_text("mine")
    link.symlink_to("nowhere.toml")

    for place in (there, link):
        with pytest.raises(ProfileError, match="exists already"):
            write_new(place, "other")

    assert there.read_text() == "mine"
    assert not (tmp_path / "nowhere.toml").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be written: No such file or directory") as caught:
        write_new(tmp_path / "missing" / "taskgraph.toml", "")

    assert caught.value.where == str(tmp_path / "missing" / "taskgraph.toml")
