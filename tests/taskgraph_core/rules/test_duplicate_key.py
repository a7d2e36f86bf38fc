from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import duplicate_key


def test_a_key_that_stands_twice_in_an_object_is_a_warning() -> None:
    (finding,) = found(duplicate_key, text='{"tasks": [{"id": 1, "title": "a", "title": "b"}]}')

    assert finding.code == "TG103"
    assert finding.severity == "warning"
    assert finding.message == "the key 'title' stands more than once in 1 object; only the last one counts"
    assert finding.path == "$"


def test_objects_with_the_same_doubled_key_are_counted() -> None:
    one = '{"id": 1, "id": 2, "id": 3}'
    (finding,) = found(duplicate_key, text=f'{{"tasks": [{one}, {one}]}}')

    assert finding.message == "the key 'id' stands more than once in 2 objects; only the last one counts"


def test_the_same_key_in_different_objects_is_silent() -> None:
    assert not found(duplicate_key, task(1, metadata={"id": 1}), task(2))
