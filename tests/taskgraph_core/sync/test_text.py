from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import FORMS, TAGS, sound_plans, task
from taskgraph_core.errors import InputError
from taskgraph_core.sync.text import with_statuses
from taskgraph_core.taskmaster.vocabulary import STATUSES

if TYPE_CHECKING:
    from taskgraph_core.sync.text import Changes, Synced

NOW = "2026-02-03T04:05:06.789Z"


def plan(*tasks: dict[str, Any]) -> str:
    return json.dumps({"master": {"tasks": list(tasks)}}, indent=2)


def synced(text: str, changes: Changes, tag: str | None = "master") -> Synced:
    return with_statuses(text, tag, changes, NOW)


def statuses(text: str) -> dict[str, str]:
    """Statuses of tasks and subtasks."""
    tasks = json.loads(text)["master"]["tasks"]
    found = {str(raw["id"]): raw["status"] for raw in tasks}
    return found | {f"{raw['id']}.{sub['id']}": sub["status"] for raw in tasks for sub in raw.get("subtasks", ())}


# --- What is written ---------------------------------------------------------------------


def test_a_status_and_its_time_are_all_that_changes() -> None:
    text = (
        '{\r\n\t"master" : {"tasks": [ {"id":1,"status" : "pending" , "updatedAt":"2020-01-01", "n": 1.50e3,\r\n'
        '   "title":"\\u00e9 \u2028 \\/", "other":{"b":1,"a":[ ]},"other":2},{"id": "2","status":"pending"}]}  }\r\n \n'
    )

    done = synced(text, {"1": "done", "2": "blocked"})

    expected = text.replace('"status" : "pending"', '"status" : "done"').replace('"2020-01-01"', f'"{NOW}"')
    assert done.text == expected.replace('"status":"pending"', '"status":"blocked"')
    assert done.changed == {"1": "done", "2": "blocked"}
    assert not done.skipped


def test_what_stands_there_already_is_not_written_again() -> None:
    text = plan(task(1, status="done", updatedAt="2020-01-01"))

    assert synced(text, {"1": "done"}).text == text


def test_another_word_for_a_status_becomes_the_word_that_taskmaster_knows() -> None:
    assert statuses(synced(plan(task(1, status="Completed")), {"1": "done"}).text) == {"1": "done"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"id":1,"title":"a"}', '{"id":1,"status":"done","title":"a"}'),
        ('{"id": 1, "title": "a"}', '{"id": 1, "status": "done", "title": "a"}'),
        ('{\n  "id": 1\n}', '{\n  "id": 1,\n  "status": "done"\n}'),
        ('{"title": "a",\r\n\t"id" : 1}', '{"title": "a",\r\n\t"id" : 1,\r\n\t"status" : "done"}'),
        ('{"\\u0069d": 1, "title": "a"}', '{"\\u0069d": 1, "status":"done", "title": "a"}'),
    ],
)
def test_a_task_without_a_status_gets_one_that_looks_like_its_neighbours(old: str, new: str) -> None:
    assert synced(f"[{old}]", {"1": "done"}).text == f"[{new}]"


def test_of_repeated_keys_the_one_that_counts_is_changed() -> None:
    text = '[{"id": 1, "status": "pending", "status": "review"}]'

    assert synced(text, {"1": "done"}).text == '[{"id": 1, "status": "pending", "status": "done"}]'


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_plan_is_written_back(form: str) -> None:
    text = json.dumps(FORMS[form]([task(1), task(2)]), indent=1)

    assert synced(text, {"2": "done"}, TAGS.get(form, "master")).text == '"done"'.join(text.rsplit('"pending"', 1))


def test_ids_are_told_apart_as_they_are_written() -> None:
    text = '[{"id": 8, "status": "%s", "subtasks": [{"id": 8.1, "status": ""}, {"id": 8.10, "status": "%s"}]}]'

    assert synced(text % ("pending", "pending"), {"8.10": "done"}).text == text % ("in-progress", "done")


def test_only_what_is_in_progress_becomes_pending_when_it_is_given_up() -> None:
    text = plan(task(1, status="in-progress"), task(2, status="review"), task(3, status="done"))

    done = synced(text, dict.fromkeys("123"))

    assert statuses(done.text) == {"1": "pending", "2": "review", "3": "done"}


@pytest.mark.parametrize("status", ["pending", "todo", "done", "blocked", "review", "cancelled"])
def test_a_beginning_overrules_nobody_who_wrote_something_else(status: str) -> None:
    done = synced(plan(task(1, status=status)), {"1": "in-progress"})

    assert statuses(done.text) == {"1": "in-progress" if status in ("pending", "todo") else status}


# --- Parents ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "change", "parent"),
    [
        (["done", "pending"], {"1.2": "done"}, "done"),
        (["pending", "pending"], {"1.1": "done"}, "in-progress"),
        (["pending", "pending"], {"1.1": "in-progress"}, "in-progress"),
        (["pending", "in-progress"], {"1.2": "pending"}, "pending"),
        (["pending", "in-progress"], {"1.2": None}, "pending"),
        (["blocked", "pending"], {"1.2": "blocked"}, "review"),
        (["cancelled", "pending"], {"1.2": "cancelled"}, "review"),
        (["completed", "pending"], {"1.2": "done"}, "done"),
        (["done", "done"], {"1.2": "done"}, "review"),
        (["done", "pending"], {"1.2": "done", "1": "blocked"}, "blocked"),
    ],
)
def test_a_parent_follows_its_subtasks_unless_it_is_named_itself(
    before: list[str], change: dict[str, Any], parent: str
) -> None:
    subtasks = [task(number, status=status) for number, status in enumerate(before, 1)]

    assert statuses(synced(plan(task(1, *subtasks, status="review")), change).text)["1"] == parent


# --- What cannot be done ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "reason"),
    [
        ([task(2)], "no such task"),
        ([task(1), task(1)], "several tasks"),
        ([task(1, task(1)), task(1, task(1))], "several tasks"),
    ],
)
def test_a_task_that_cannot_be_told_is_left_out_and_reported(tasks: list[dict[str, Any]], reason: str) -> None:
    text = plan(*tasks)

    done = synced(text, {"1": "done", "1.1": "done"})

    assert done.text == text
    assert reason in done.skipped["1"]
    assert "1.1" in done.skipped
    assert not done.changed


def test_a_task_known_only_by_its_position_is_left_out() -> None:
    done = synced('[{"title": "a"}]', {"#1": "done"})

    assert "no id" in done.skipped["#1"]


def test_a_tag_that_is_gone_is_never_invented() -> None:
    text = plan(task(1))

    done = synced(text, {"1": "done"}, tag="other")

    assert done.text == text
    assert "no tag 'other'" in done.skipped["1"]


def test_of_several_tags_none_is_guessed() -> None:
    text = json.dumps({"a": {"tasks": [task(1)]}, "b": {"tasks": [task(1)]}})

    assert "several tags" in synced(text, {"1": "done"}, tag=None).skipped["1"]


def test_the_only_tag_need_not_be_named() -> None:
    done = synced(json.dumps({"a": {"tasks": [task(1)]}}), {"1": "done"}, tag=None)

    assert done.changed == {"1": "done"}


@pytest.mark.parametrize("text", ["", "{", "[]]", '{"a": 1}', "[" * 100_000])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        synced(text, {"1": "done"})


def test_a_tag_whose_name_no_engine_can_hold_is_refused_untouched() -> None:
    text = '{"a\\u0000": {"tasks": [{"id": 1, "status": "pending"}]}}'

    with pytest.raises(InputError, match="without changing more"):
        synced(text, {"1": "done"}, tag="a\ufffd")


# --- Laws ----------------------------------------------------------------------------------


@given(sound_plans(), st.data())
def test_nothing_but_statuses_changes_and_doing_it_again_changes_nothing(
    tasks: list[dict[str, Any]], data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from([plan(*tasks), json.dumps({"master": {"tasks": tasks}})]))
    ids = sorted(statuses_where_written(tasks))
    wanted = st.one_of(st.none(), st.sampled_from(sorted(STATUSES)))
    changes = data.draw(st.dictionaries(st.sampled_from([*ids, "none such"]), wanted))
    certain = {task_id: new for task_id, new in changes.items() if new not in (None, "in-progress") and task_id in ids}

    once = synced(text, changes)

    assert without_statuses(once.text) == without_statuses(text)
    after = statuses_where_written(json.loads(once.text)["master"]["tasks"])
    assert after | certain == after
    assert set(once.skipped) == set(changes) - after.keys()
    assert synced(once.text, changes).text == once.text


def statuses_where_written(tasks: list[dict[str, Any]]) -> dict[str, str]:
    """Statuses by id; subtasks under their parent's."""
    found = {}
    for raw in tasks:
        found[str(raw["id"])] = raw.get("status", "")
        for sub in raw.get("subtasks") or ():
            found[f"{raw['id']}.{sub['id']}"] = sub.get("status", "")
    return found


def without_statuses(text: str) -> str:
    return re.sub(r'"status": "[^"]*"', '"status"', text)
