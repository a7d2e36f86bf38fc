from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import FORMS, JSON_VALUES, TAGS, plan_text, task
from taskgraph_core.errors import InputError
from taskgraph_core.taskmaster.document import WrittenNumber, decode, json_key, parse, read_text
from taskgraph_core.taskmaster.locate import Location

if TYPE_CHECKING:
    from pathlib import Path

PLAN = [task(1), task(2, deps=[1])]


# --- forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same_tasks(form: str) -> None:
    assert parse(plan_text(PLAN, form), "plan").tags[TAGS.get(form, "master")].tasks == PLAN


@pytest.mark.parametrize(
    ("text", "form", "paths"),
    [
        ('{"a": {"tasks": [1]}, "b b": {"tasks": []}}', "tagged", {"a": "$.a.tasks", "b b": '$["b b"].tasks'}),
        ('{"tasks": [1]}', "flat", {"master": "$.tasks"}),
        ('{"tasks": {"tasks": [1]}}', "tagged", {"tasks": "$.tasks.tasks"}),
        ('{"tags": {"tasks": [1]}}', "tagged", {"tags": "$.tags.tasks"}),
        ('{"tags": {"a": {"tasks": [1]}}}', "wrapped tags", {"a": "$.tags.a.tasks"}),
        ('{"tags": {"a": [{}]}}', "wrapped tags", {"a": "$.tags.a"}),
        ('{"a": [{}], "b": [1]}', "list a tag", {"a": "$.a"}),
        ("[]", "root list", {"master": "$"}),
        ('{"a": {"tasks": []}, "tasks": []}', "flat beside tags", {"(root)": "$.tasks", "a": "$.a.tasks"}),
    ],
)
def test_each_list_of_tasks_has_a_name_and_a_path(text: str, form: str, paths: dict[str, str]) -> None:
    document = parse(text, "plan")

    assert document.form == form
    assert {tag.name: tag.path for tag in document.tags.values()} == paths


@pytest.mark.parametrize("text", ["{}", "1", '"x"', "null", "true", '{"a": 1}', '{"a": []}', '{"tasks": 1}'])
def test_json_without_a_list_of_tasks_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="holds no list of tasks") as error:
        parse(text, "plan")

    assert error.value.fix == 'a plan looks like {"master": {"tasks": [...]}}'


def test_an_unknown_tag_is_an_error_that_lists_the_tags() -> None:
    document = parse('{"a": {"tasks": []}, "b": {"tasks": []}}', "plan")

    with pytest.raises(InputError, match=r"there is no tag 'c' \(from state.json\)") as error:
        document.tag("c", "state.json")
    assert error.value.fix == "tags here: a, b; choose one with --tag"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"project": 1, "tasks": 2}', "an object with the keys 'project', 'tasks'"),
        ('"plan"', 'only "plan"'),
        ("{}", "only {}"),
    ],
)
def test_what_was_found_instead_is_told(text: str, found: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text, "plan")
    assert error.value.what == f"holds no list of tasks; found {found}"


@given(JSON_VALUES.map(lambda value: {"master": value, "tasks": value, "tags": value}))
def test_any_json_has_a_form_or_none(value: dict[str, object]) -> None:
    try:
        document = parse(plan_text([value], "root list"), "plan")
    except InputError:
        return
    assert document.tags


# --- text -------------------------------------------------------------------------------


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_bytes(b'\xef\xbb\xbf{"tasks": []}')

    assert read_text(Location(tmp_path / "tasks.json", tmp_path)) == '{"tasks": []}'


def test_standard_input_is_read_as_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'\xef\xbb\xbf{"a": "\xc3\xa9"}')))

    assert read_text(Location(None, tmp_path)) == '{"a": "\u00e9"}'


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_an_error(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "tasks.json").write_bytes('{"tasks": [{"title": "\u00e9t\u00e9"}]}'.encode(encoding))

    with pytest.raises(InputError, match=r"is not UTF-8 text \(byte \d+\)"):
        read_text(Location(tmp_path / "tasks.json", tmp_path))


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_text(Location(tmp_path, tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("{", "is not valid JSON: expecting property name"),
        ('{\n"a": 1,\n}', "line 3, column 1: is not valid JSON"),
        ('{\n<<<<<<< HEAD\n"a": 1\n=======\n', "has merge-conflict markers in it"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ("[" + "9" * 4301 + "]", "is not valid JSON: Exceeds the limit"),
        ("[" * 100_000, "is nested too deeply to be a plan"),
        ('{"a":' * 100_000, "is nested too deeply to be a plan"),
        ('["a\x00b"]', "is not valid JSON: invalid control character"),
        ("# yaml: [no", "is not valid JSON: expecting value"),
        ("[] []", "is not valid JSON: extra data"),
    ],
)
def test_what_is_not_json_is_an_error_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        decode(text, "plan")

    assert said in str(error.value)
    assert str(error.value).startswith("plan")


@given(st.text(max_size=40))
def test_any_text_is_json_or_an_input_error(text: str) -> None:
    try:
        value = decode(text, "plan")
    except InputError:
        return
    assert decode(json.dumps(value), "plan") == value


@given(JSON_VALUES)
def test_all_text_that_comes_out_can_be_written_as_utf8(value: object) -> None:
    assert json.dumps(decode(plan_text([value], "root list"), "plan"), ensure_ascii=False).encode()


def test_unfit_characters_are_replaced_wherever_they_stand() -> None:
    assert decode('{"a\\u0000": ["\\ud800", "\\ud83d\\ude00"]}', "plan") == {"a\ufffd": ["\ufffd", "\U0001f600"]}


@pytest.mark.parametrize("written", ["8.10", "1.0", "1e5", "-0.0", "1e400"])
def test_a_fraction_remembers_how_it_was_written(written: str) -> None:
    value = decode(f"[{written}]", "plan")
    assert isinstance(value, list)
    assert isinstance(value[0], WrittenNumber)

    assert value[0].text == written
    assert value[0] == float(written)


@pytest.mark.parametrize(
    ("key", "step"), [("master", ".master"), ("a_1", ".a_1"), ("two words", '["two words"]'), ("1", '["1"]')]
)
def test_a_key_is_one_step_of_a_path(key: str, step: str) -> None:
    assert json_key(key) == step
