from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import comma_list


def test_several_ids_in_one_string_are_an_error() -> None:
    (finding,) = found(comma_list, task(1), task(2), task(3, deps=["1, 2"]))

    assert finding.code == "TG209"
    assert finding.severity == "error"
    assert finding.message == "3 depends on '1, 2': several ids in one string"
    assert finding.path == "$.master.tasks[2].dependencies[0]"
    assert finding.tasks == ("3",)
    assert finding.fix == 'write each id as an item of its own, such as ["1", "2"]'


def test_ids_as_items_of_their_own_are_silent() -> None:
    assert not found(comma_list, task(1), task(2), task(3, deps=["1", "2"]))


def test_an_id_with_a_comma_in_it_is_an_id() -> None:
    assert not found(comma_list, task("a,b"), task(2, deps=["a,b"]))
