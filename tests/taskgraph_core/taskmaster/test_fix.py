from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.errors import InputError
from taskgraph_core.taskmaster.document import parse, read_text
from taskgraph_core.taskmaster.fix import Repair, apply_repairs, plan_repairs, write_repairs
from taskgraph_core.taskmaster.locate import Location
from taskgraph_core.taskmaster.plan import BareNumber, read_plan

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("self", "repeated", "comma list", "missing")


def repairs_of(text: str, *, dangling: bool = False, reading: BareNumber = "sibling") -> list[Repair]:
    document = parse(text, "tasks.json")
    plans = [read_plan(tag, document.name, reading) for tag in document.tags.values()]
    return plan_repairs(document, plans, dangling=dangling)


def fixed(text: str, *, dangling: bool = False, reading: BareNumber = "sibling") -> str:
    return apply_repairs(text, repairs_of(text, dangling=dangling, reading=reading))


def dependencies_after(
    *tasks: tuple[Any, list[Any]],
    subtasks: list[tuple[Any, list[Any]]] | None = None,
    dangling: bool = False,
    reading: BareNumber = "sibling",
) -> list[Any]:
    """The lists of dependencies after a fix: those of the tasks, or, where there are some, of the subtasks of the last.

    None stands for a list that was left as it was.
    """
    plan = [{"id": task_id, "dependencies": references} for task_id, references in tasks]
    members = [{"id": task_id, "dependencies": references} for task_id, references in subtasks or []]
    if members:
        plan[-1]["subtasks"] = members
    text = json.dumps({"master": {"tasks": plan}})
    after = json.loads(fixed(text, dangling=dangling, reading=reading))["master"]["tasks"]
    before, seen = (members, after[-1]["subtasks"]) if members else (plan, after)
    return [
        None if new["dependencies"] == old["dependencies"] else new["dependencies"]
        for old, new in zip(before, seen, strict=True)
    ]


# --- What is repaired ------------------------------------------------------------------


def test_the_later_repetitions_of_a_dependency_are_removed() -> None:
    assert dependencies_after((1, []), (2, []), (3, [1, 2, "1", 2, 1])) == [None, None, [1, 2]]


def test_a_task_stops_waiting_for_itself() -> None:
    assert dependencies_after((1, [1]), (2, [1, "2", 2])) == [[], [1]]


def test_a_comma_list_becomes_an_item_for_each_id() -> None:
    assert dependencies_after((1, []), (2, []), (3, [" 1,2 "])) == [None, None, ["1", "2"]]


def test_a_comma_list_adds_neither_what_stands_there_already_nor_the_task_itself() -> None:
    assert dependencies_after((1, []), (2, []), (3, [1, "1, 2, 3, 2,", 2])) == [None, None, [1, "2"]]
    assert dependencies_after((1, []), (2, ["1", "1,2"])) == [None, ["1"]]


def test_a_comma_list_with_an_unknown_id_stays_whole_until_asked() -> None:
    tasks: tuple[tuple[int, list[Any]], ...] = ((1, []), (2, ["1, 9", 1]))

    assert dependencies_after(*tasks) == [None, None]
    assert dependencies_after(*tasks, dangling=True) == [None, ["1"]]


def test_a_comma_list_without_any_id_is_removed_only_when_asked_for() -> None:
    assert dependencies_after((1, [","])) == [None]
    assert dependencies_after((1, [","]), dangling=True) == [[]]


def test_references_that_lead_nowhere_are_removed_only_when_asked_for() -> None:
    tasks: tuple[tuple[int, list[Any]], ...] = ((1, [99, 99]), (2, [1, "gone", 1.5]))

    assert dependencies_after(*tasks) == [None, None]
    assert dependencies_after(*tasks, dangling=True) == [[], [1]]


def test_what_can_be_no_reference_at_all_is_left_alone() -> None:
    tasks = (("None", []), ("True", []), ("x", [None, None, {"id": 1}, True, "None", "True"]))

    assert dependencies_after(*tasks, dangling=True) == [None, None, None]


def test_dependencies_that_are_no_list_are_left_alone() -> None:
    text = (
        '{"tasks": [{"id": 1, "dependencies": "1"}, {"id": 2, "dependencies": "1, 9"}, {"id": 3, "dependencies": 9}]}'
    )

    assert repairs_of(text, dangling=True) == []


def test_a_circle_is_not_broken() -> None:
    assert dependencies_after((1, [2]), (2, [1]), dangling=True) == [None, None]


def test_a_task_that_shares_its_id_may_have_meant_the_other_one() -> None:
    tasks: tuple[tuple[int, list[Any]], ...] = ((1, []), (1, [1]))

    assert dependencies_after(*tasks) == [None, None]
    assert dependencies_after(*tasks, dangling=True) == [None, []]


# --- Bare numbers on subtasks --------------------------------------------------------------


def test_a_subtask_that_names_its_own_number_is_repaired_at_once_only_where_no_task_has_it() -> None:
    assert dependencies_after((7, []), subtasks=[(1, [1]), (2, ["7.2"])]) == [[], []]
    assert dependencies_after((1, []), (7, []), subtasks=[(1, [1])]) == [None]


def test_a_number_that_may_mean_a_task_is_removed_when_asked_for_and_read_as_the_subtask_itself() -> None:
    tasks: tuple[tuple[int, list[Any]], ...] = ((1, []), (7, []))

    assert dependencies_after(*tasks, subtasks=[(1, [1])], dangling=True) == [[]]
    assert dependencies_after(*tasks, subtasks=[(1, [1])], dangling=True, reading="task") == [None]


def test_two_spellings_are_one_dependency_only_if_they_are_under_every_reading() -> None:
    assert dependencies_after((7, []), subtasks=[(1, []), (2, [1, "7.1", "1"])]) == [None, [1]]
    assert dependencies_after((1, []), (7, []), subtasks=[(1, []), (2, [1, "7.1", "1"])]) == [None, [1, "7.1"]]


def test_subtask_fractions_keep_apart_as_they_are_written() -> None:
    numbers = ", ".join(f'{{"id": {number}}}' for number in range(1, 11))
    text = f'{{"tasks": [{{"id": 8, "subtasks": [{numbers}]}}, {{"id": 9, "dependencies": [8.1, 8.10, 8.10]}}]}}'

    assert fixed(text) == text.replace("[8.1, 8.10, 8.10]", "[8.1, 8.10]")


# --- What a repair says ---------------------------------------------------------------------


def test_a_repair_names_its_finding_its_place_and_its_reason() -> None:
    text = '{\n"two words": {"tasks": [\n{"id": 1},\n{"id": 2,\n "dependencies": [1,\n  2, "x\\u001b", "1,1"]}]}}'

    found = [(repair.code, repair.task, repair.path, repair.line) for repair in repairs_of(text, dangling=True)]
    sentences = [repair.sentence for repair in repairs_of(text, dangling=True)]

    home = '$["two words"].tasks[1].dependencies'
    assert found == [
        ("TG202", "2", f"{home}[1]", 6),
        ("TG201", "2", f"{home}[2]", 6),
        ("TG209", "2", f"{home}[3]", 6),
    ]
    assert sentences == [
        "remove 2 from the dependencies of 2: a task cannot wait for itself",
        "remove 'x\\x1b' from the dependencies of 2: no task here has that id",
        "write '1,1' in the dependencies of 2 as nothing: it names no other task",
    ]


def test_every_tag_is_repaired_or_only_those_given() -> None:
    text = '{"a": {"tasks": [{"id": 1, "dependencies": [1]}]}, "b": {"tasks": [{"id": 2, "dependencies": [2]}]}}'
    document = parse(text, "tasks.json")
    only_b = plan_repairs(document, [read_plan(document.tag("b", "--tag"), "tasks.json")], dangling=False)

    assert fixed(text) == text.replace("[1]", "[]").replace("[2]", "[]")
    assert apply_repairs(text, only_b) == text.replace("[2]", "[]")


# --- What stays -------------------------------------------------------------------------------


def test_nothing_else_in_the_file_is_touched() -> None:
    text = """
    { "note":1.50, "note":1e2 , "master" : {"tasks":[
\t{"id":1,"title":"caf\\u00e9 \\/ café","dependencies":[ ], "dependencies": [ 1 ,\r\n 1 ], "x":[1,1,],}
    ]} , "other":[1 , 1]}   \n\n""".replace(",]", "]").replace(",}", "}")

    assert fixed(text) == text.replace("[ 1 ,\r\n 1 ]", "[]")


def test_of_a_repeated_key_only_the_one_that_counts_is_repaired() -> None:
    text = (
        '{"tasks": [{"id": 1, "dependencies": [1]}], '
        '"tasks": [{"id": 1, "dependencies": [1]}, {"id": 2, "dependencies": [2], "dependencies": [1, 1]}]}'
    )

    after = text.replace('}], "tasks": [{"id": 1, "dependencies": [1]}', '}], "tasks": [{"id": 1, "dependencies": []}')
    assert fixed(text) == after.replace("[1, 1]", "[1]")


@pytest.mark.parametrize(
    "frame",
    [
        '[{"id": 1}, {"id": 2, "dependencies": %s}]',
        '{"tasks": [{"id": 1}, {"id": 2, "dependencies": %s}], "project": {}}',
        '{"tags": {"x": {"tasks": [{"id": 1}, {"id": 2, "dependencies": %s}]}}}',
        '{"x": [{"id": 1}, {"id": 2, "dependencies": %s}]}',
        '{"tasks": [{"id": 1}, {"id": 2, "dependencies": %s}], "x": {"tasks": [{"id": 1, "dependencies": []}]}}',
    ],
)
def test_every_form_of_a_plan_is_repaired_in_place(frame: str) -> None:
    assert fixed(frame % "[1, 1]") == frame % "[1]"


REFERENCES = st.sampled_from([1, 2, 3, "1", "2", "3.1", "3.2", 1.1, 9, "9", "1,2", "2, 3.1", "1, 9", "3.1,3.1", None])
LISTS = st.lists(REFERENCES, max_size=5)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Any plan with three tasks, subtasks in each, and references of every kind, resolving or not."""
    extra = st.dictionaries(st.sampled_from(["title", "x", "tags"]), st.text('a[]\\"{}\n,é', max_size=5), max_size=2)
    tasks = []
    for number in range(1, 4):
        subtasks = [
            {"id": member, **draw(extra), "dependencies": draw(LISTS)} for member in range(1, draw(st.integers(1, 4)))
        ]
        tasks.append({"id": number, **draw(extra), "dependencies": draw(LISTS), "subtasks": subtasks})
    return {draw(st.sampled_from(["master", "a b"])): {"tasks": tasks, "metadata": draw(extra)}}


READINGS = st.sampled_from(["sibling", "task", "earlier-sibling"])
FORMATS = st.fixed_dictionaries({"indent": st.sampled_from([None, 0, 2, 4, "\t"]), "ensure_ascii": st.booleans()})


def dependencies_blanked(text: str) -> str:
    return re.sub(r'"dependencies": \[[^][]*\]', '"dependencies": []', text)


@given(plans(), READINGS, st.booleans(), st.sampled_from(["\n", "\r\n"]), FORMATS)
def test_outside_of_dependencies_the_file_stays_as_it_is_byte_for_byte(
    plan: dict[str, Any],
    reading: BareNumber,
    dangling: bool,  # noqa: FBT001 - hypothesis gives it
    newline: str,
    form: dict[str, Any],
) -> None:
    text = json.dumps(plan, **form).replace("\n", newline) + newline

    after = fixed(text, dangling=dangling, reading=reading)

    assert dependencies_blanked(after) == dependencies_blanked(text)
    assert after == json.dumps(json.loads(after), **form).replace("\n", newline) + newline


@given(plans(), READINGS, st.booleans())
def test_fixing_a_second_time_changes_nothing(
    plan: dict[str, Any],
    reading: BareNumber,
    dangling: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    once = fixed(json.dumps(plan), dangling=dangling, reading=reading)

    assert repairs_of(once, dangling=dangling, reading=reading) == []


@given(plans(), READINGS)
def test_asked_for_everything_only_harmless_repetitions_remain(plan: dict[str, Any], reading: BareNumber) -> None:
    document = parse(fixed(json.dumps(plan), dangling=True, reading=reading), "tasks.json")
    (tag,) = document.tags.values()
    after = read_plan(tag, "tasks.json", reading)

    assert [kind for kind in KINDS if after.odd.get(kind)] in ([], ["repeated"])
    for odd in after.odd.get("repeated", ()):
        spellings = [str(written) for written in odd.entry.raw["dependencies"]]
        assert odd.entry.parent is not None
        assert spellings.count(str(odd.written)) == 1


@given(plans(), READINGS)
def test_safe_repairs_change_no_meaning_under_any_reading(plan: dict[str, Any], reading: BareNumber) -> None:
    text = json.dumps(plan)
    after = fixed(text, reading=reading)

    for other in ("sibling", "task", "earlier-sibling"):
        meant = [
            [(entry.id, set(entry.depends_on)) for entry in read_plan(tag, "", other).entries]  # type: ignore[arg-type]
            for content in (text, after)
            for tag in parse(content, "").tags.values()
        ]
        assert meant[0] == meant[1]


# --- What is refused -----------------------------------------------------------------------------


def test_repairs_of_another_text_are_refused() -> None:
    repairs = repairs_of('{"tasks": [{"id": 1, "dependencies": [1, 2]}]}')

    for other in ('{"tasks": [{"id": 1, "dependencies": [2, 1]}]}', '{"tasks": [{"id": 1}]}', '{"tasks": {}}', "[]"):
        with pytest.raises(InputError, match="do not fit this plan"):
            apply_repairs(other, repairs)


def test_a_repair_that_would_change_more_than_it_says_is_refused() -> None:
    tasks = '{"tasks": [{"id": 1, "dependencies": [1]}]}'
    text = f'{{"a\\ufffd": {tasks}, "a\\u0000": {tasks}}}'  # keys that are the same once read

    with pytest.raises(InputError, match="do not fit this plan"):
        fixed(text)


def test_a_plan_nested_too_deeply_is_refused() -> None:
    text = '{"tasks": [{"id": 1, "dependencies": [1], "x": 0}]}'
    document = parse(text, "tasks.json")
    plans = [read_plan(tag, "tasks.json") for tag in document.tags.values()]
    deep = text.replace("0", "[" * 100_000 + "]" * 100_000)

    with pytest.raises(InputError, match="nested too deeply"):
        plan_repairs(replace(document, text=deep), plans, dangling=False)
    with pytest.raises(InputError, match="nested too deeply"):
        apply_repairs(deep, repairs_of(text))


# --- Writing -----------------------------------------------------------------------------------------

BEFORE = '{"tasks": [\r\n{"id": 1, "title": "é", "dependencies": [1]}]}'
AFTER = BEFORE.replace("[1]", "[]")


def test_the_file_keeps_its_byte_order_mark_its_line_ends_and_its_permissions(tmp_path: Path) -> None:
    plan = tmp_path / "tasks.json"
    plan.write_bytes(b"\xef\xbb\xbf" + BEFORE.encode())
    plan.chmod(0o640)

    write_repairs(plan, read_text(Location(plan, tmp_path)), AFTER)

    assert plan.read_bytes() == b"\xef\xbb\xbf" + AFTER.encode()
    assert plan.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [plan]


def test_a_plan_without_repairs_is_not_written_at_all(tmp_path: Path) -> None:
    plan = tmp_path / "tasks.json"
    plan.write_text(BEFORE, newline="")
    inode = plan.stat().st_ino

    write_repairs(plan, BEFORE, BEFORE)

    assert plan.stat().st_ino == inode


def test_through_a_link_the_file_it_leads_to_is_repaired_and_the_link_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "plan.json", tmp_path / "project" / "tasks.json"
    real.parent.mkdir()
    link.parent.mkdir()
    real.write_text(BEFORE, newline="")
    real.chmod(0o600)
    link.symlink_to("../real/plan.json")

    write_repairs(link, BEFORE, AFTER)

    assert link.is_symlink()
    assert real.read_bytes() == AFTER.encode()
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(tmp_path.glob("*/*")) == [link, real]


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    plan = tmp_path / "tasks.json"
    plan.write_text(BEFORE + " ", newline="")

    with pytest.raises(InputError, match="has changed since it was read"):
        write_repairs(plan, BEFORE, AFTER)

    assert plan.read_bytes() == BEFORE.encode() + b" "


def test_standard_input_cannot_be_repaired() -> None:
    with pytest.raises(InputError, match="standard input: cannot be repaired in place") as caught:
        write_repairs(None, BEFORE, AFTER)

    assert caught.value.fix == "name the file itself"


def test_what_is_no_ordinary_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe, lost, dangling = tmp_path / "pipe", tmp_path / "lost.json", tmp_path / "link.json"
    os.mkfifo(pipe)
    dangling.symlink_to("nowhere.json")

    for place in (pipe, lost, dangling, tmp_path):
        with pytest.raises(InputError, match="is no ordinary file"):
            write_repairs(place, BEFORE, AFTER)

    assert not (tmp_path / "nowhere.json").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is write-protected for root")
def test_a_write_protected_plan_is_not_replaced(tmp_path: Path) -> None:
    plan = tmp_path / "tasks.json"
    plan.write_text(BEFORE, newline="")
    plan.chmod(0o444)

    with pytest.raises(InputError, match="cannot be written"):
        write_repairs(plan, BEFORE, AFTER)
