from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.taskmaster.document import json_key
from taskgraph_core.taskmaster.spans import change_items, item_spans, steps_of, value_spans

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)
FORMATS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 2, 4, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" ,", " : ")]),
    }
)


def paths_in(value: Any, path: str = "$") -> dict[str, Any]:
    """Every path of a value, with what stands there."""
    found = {path: value}
    if isinstance(value, dict):
        for key, item in value.items():
            found |= paths_in(item, path + json_key(key))
    if isinstance(value, list):
        for position, item in enumerate(value):
            found |= paths_in(item, f"{path}[{position}]")
    return found


def test_a_path_is_taken_apart_into_keys_and_positions() -> None:
    assert steps_of("$") == ()
    assert steps_of("$.master.tasks[3].dependencies[10]") == ("master", "tasks", 3, "dependencies", 10)
    assert steps_of('$["two words"].tasks["]\\"[0]"]') == ("two words", "tasks", ']"[0]')


@pytest.mark.parametrize("path", ["$.", "$..a", "$[x]", "$.a b", "$[-1]", "$['a']"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no JSON path"):
        steps_of(path)


@given(VALUES, FORMATS)
def test_every_value_is_found_where_it_stands(value: Any, form: dict[str, Any]) -> None:
    text = " \r\n" + json.dumps(value, **form) + "\n"
    wanted = paths_in(value)

    spans = value_spans(text, wanted)

    assert {path: json.loads(text[start:end]) for path, (start, end) in spans.items()} == wanted


def test_of_a_repeated_key_the_last_one_counts_as_when_reading() -> None:
    text = '{"a": {"b": 1, "b": 2}, "a": {"c": 3, "b": 4}, "a ": {"b": 5}}'

    assert value_spans(text, ["$.a.b", "$.a"]) == {"$.a": (29, 45), "$.a.b": (43, 44)}


def test_paths_that_lead_nowhere_are_left_out() -> None:
    assert value_spans('{"a": [1], "b": 2}', ["$.a[1]", "$.b[0]", "$.b.c", "$.d", "$.a.b"]) == {}


def test_items_are_found_with_any_space_around_them() -> None:
    text = '[ 1\t,"a,]" ,\r\n[2, 3] , {"b": 4}\n]'

    assert [text[start:end] for start, end in item_spans(text, 0)] == ["1", '"a,]"', "[2, 3]", '{"b": 4}']
    assert item_spans("[ \n]", 0) == []


@given(st.data(), FORMATS)
def test_changed_text_looks_as_if_the_changed_value_had_been_written(data: st.DataObject, form: dict[str, Any]) -> None:
    lists = data.draw(st.lists(st.lists(st.integers() | st.text(max_size=5), max_size=5), min_size=1, max_size=3))
    value: dict[str, Any] = {"before": 1.50, "lists": [{"items": items, "after": "]"} for items in lists]}
    text = json.dumps(value, **form)
    changes: dict[str, dict[int, list[str]]] = {}
    for number, items in enumerate(lists):
        chosen = data.draw(st.sets(st.integers(0, len(items) - 1))) if items else set()
        strings = st.lists(st.sampled_from(["1", "2.3", 'x"y']), max_size=3)
        replacements = {position: data.draw(strings) for position in sorted(chosen, reverse=True)}
        changes[f"$.lists[{number}].items"] = replacements
        value["lists"][number]["items"] = [
            fresh for position, old in enumerate(items) for fresh in replacements.get(position, (old,))
        ]
    splits_alone = any(len(items) == 1 for items in lists) and form["separators"] == (" ,", " : ")

    changed = change_items(text, changes)

    assert json.loads(changed) == value
    if form["ensure_ascii"] and not splits_alone:
        assert changed == json.dumps(value, **form)


@pytest.mark.parametrize(
    ("before", "position", "strings", "after"),
    [
        ("[1, 2, 3]", 0, [], "[2, 3]"),
        ("[1, 2, 3]", 1, [], "[1, 3]"),
        ("[1, 2, 3]", 2, [], "[1, 2]"),
        ("[ 1, 2 ]", 1, [], "[ 1 ]"),
        ("[ 1 ]", 0, [], "[]"),
        ("[\n  1,\n  2,\n  3\n]", 0, [], "[\n  2,\n  3\n]"),
        ("[\n  1,\n  2,\n  3\n]", 1, [], "[\n  1,\n  3\n]"),
        ("[\n  1,\n  2,\n  3\n]", 2, [], "[\n  1,\n  2\n]"),
        ("[\r\n\t1\r\n]", 0, [], "[]"),
        ("[\n  1\n  , 2\n  , 3\n]", 2, [], "[\n  1\n  , 2\n]"),
        ("[1, 2,\n 3, 4]", 2, [], "[1, 2,\n 4]"),
        ('["1, 2"]', 0, ["1", "2"], '["1", "2"]'),
        ('[\r\n    "1, 2"\r\n]', 0, ["1", "2"], '[\r\n    "1",\r\n    "2"\r\n]'),
        ('[3,"1, 2",4]', 1, ["1", "2"], '[3,"1","2",4]'),
        ('["1, 2" ,\t4]', 0, ["1", "2"], '["1" ,\t"2" ,\t4]'),
        ('["\\u00e9, 2"]', 0, ["é", "2"], '["\\u00e9", "2"]'),
        ('["é, 2"]', 0, ["é", "2"], '["é", "2"]'),
    ],
)
def test_a_list_keeps_its_looks(before: str, position: int, strings: list[str], after: str) -> None:
    frame = '{{"a": 1.0,\n "list": {}, "z": [ ]}}\n\n'

    changed = change_items(frame.format(before), {"$.list": {position: strings}})

    assert changed == frame.format(after)


def test_several_changes_of_one_list_do_not_get_in_each_others_way() -> None:
    text = '{"list": [1, 1, "2, 3", 4, 4, 4]}'

    changed = change_items(text, {"$.list": {5: [], 1: [], 2: ["2", "3"], 4: []}})

    assert changed == '{"list": [1, "2", "3", 4]}'


def test_a_list_without_spaces_gets_none() -> None:
    assert change_items('{"list":["1,2"]}', {"$.list": {0: ["1", "2"]}}) == '{"list":["1","2"]}'


@pytest.mark.parametrize(("path", "position"), [("$.list", 1), ("$.other", 0), ("$.number", 0)])
def test_what_is_not_there_cannot_be_changed(path: str, position: int) -> None:
    with pytest.raises(LookupError):
        change_items('{"list": [1], "number": 2}', {path: {position: []}})
