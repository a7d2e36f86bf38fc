from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from prefect_integration.names import (
    NAME_LIMIT,
    descriptive_tags,
    limit_tag,
    printable,
    rate_name,
    resource_tags,
    run_name,
    shortened,
)
from taskgraph_core.ir import Claim, Task

ANY_TEXT = st.text(st.characters(categories=("L", "N", "P", "S", "Z", "Cc", "Cf", "Cs")))


@given(ANY_TEXT)
def test_a_limit_has_a_name_the_server_accepts(resource: str) -> None:
    assert re.fullmatch(r"resource:[A-Za-z0-9._:-]*", limit_tag(resource))


@given(st.lists(ANY_TEXT, unique=True))
def test_two_resources_never_share_a_limit(resources: list[str]) -> None:
    assert len({limit_tag(resource) for resource in resources}) == len(resources)


def test_a_simple_resource_keeps_its_name() -> None:
    assert limit_tag("file:db-1.main_2") == "resource:file:db-1.main_2"
    assert limit_tag("db") == "resource:db"


def test_names_that_look_alike_have_different_limits() -> None:
    assert len({limit_tag(name) for name in ("a b", "a/b", "a-b", "A-b", "\u65e5\u672c", "\u4e2d\u56fd")}) == 6


@given(ANY_TEXT)
def test_names_can_be_stored_and_shown_anywhere(text: str) -> None:
    name = shortened(text)

    assert len(name) <= NAME_LIMIT
    assert name.encode().decode() == name
    assert not set(name) & set("\x00\x1b\n\r\u2028\u202e")


def test_a_tab_and_text_of_any_script_stay() -> None:
    assert printable("a\tb \u65e5\u672c \U0001f600") == "a\tb \u65e5\u672c \U0001f600"


def test_a_run_is_called_by_id_title_and_attempt() -> None:
    task = Task(id="5.2", title="Load {x} 100%")

    assert run_name(task) == "5.2 Load {x} 100%"
    assert run_name(task, 3) == "5.2 Load {x} 100% (attempt 3)"
    assert run_name(task, undo=True) == "undo 5.2 Load {x} 100%"
    assert run_name(Task(id="5")) == "5"


def test_no_label_can_pass_for_a_limit() -> None:
    task = Task(id="resource:a", group="resource:b", labels=("resource:c",))

    assert descriptive_tags(task) == ["task:resource:a", "group:resource:b", "label:resource:c"]


def test_all_resources_of_a_task_are_among_its_tags() -> None:
    task = Task(id="1", claims=(Claim(resource="db", slots=2), Claim(resource="f", mode="read")))

    assert resource_tags(task) == {"resource:db", "resource:f"}
    assert rate_name("db") == "rate:db"
