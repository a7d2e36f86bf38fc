from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider.generating import names
from airflow_provider.generating.names import (
    ALL_ENDED,
    ROLL_BACK,
    ROLLBACK_GROUP,
    SENTINEL,
    group_name,
    pool_name,
    task_names,
    undo_name,
)


@pytest.mark.parametrize(("task_id", "name"), [("5", "t5"), ("5.2", "t5_2"), ("01", "t01"), ("10.20.30", "t10_20_30")])
def test_numbered_tasks_keep_a_name_people_recognise(task_id: str, name: str) -> None:
    assert task_names([task_id]) == {task_id: name}


def test_other_ids_keep_what_is_readable_of_them() -> None:
    assert re.fullmatch(r"t_setup_the_db_[0-9a-f]{8}", task_names(["Setup: the DB!"])["Setup: the DB!"])


@given(st.lists(st.text(min_size=1) | st.from_regex(r"[0-9a\u0663.]{1,6}", fullmatch=True), unique=True))
def test_names_are_safe_and_differ_even_without_case(ids: list[str]) -> None:
    tasks = task_names(ids)
    own = [SENTINEL, ALL_ENDED, ROLL_BACK, ROLLBACK_GROUP]
    every = [*tasks.values(), *map(group_name, tasks.values()), *map(undo_name, tasks.values()), *own]

    assert all(re.fullmatch(r"[a-z0-9_]{1,200}", name, re.ASCII) for name in every)
    assert len(set(every)) == len(every)


def test_ten_thousand_characters_become_a_short_name() -> None:
    ids = ["1" * 10_000, "x" * 10_000, "x" * 9_999]

    assert len(set(task_names(ids).values())) == 3
    assert max(map(len, task_names(ids).values())) <= 200


def test_a_name_does_not_depend_on_the_other_tasks() -> None:
    assert task_names(["a", "b"])["b"] == task_names(["b"])["b"]


def test_ids_whose_digests_begin_alike_still_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {"a b": "0" * 8 + "1" * 56, "a/b": "0" * 8 + "2" * 56}
    monkeypatch.setattr(names, "_digest", digests.__getitem__)

    assert task_names(["a b", "a/b"]) == {"a b": "t_a_b_00000000", "a/b": "t_a_b_0000000022222222"}


def test_the_pool_of_a_plain_resource_carries_its_name() -> None:
    assert pool_name("db_1") == "taskgraph_db_1"


@given(st.lists(st.text(min_size=1), min_size=2, max_size=4, unique=True))
def test_pools_are_safe_and_differ_by_their_resources(resources: list[str]) -> None:
    every = [pool_name(*resources), *map(pool_name, resources)]

    assert all(re.fullmatch(r"[a-z0-9_]{1,256}", name, re.ASCII) for name in every)
    assert len(set(every)) == len(every)
