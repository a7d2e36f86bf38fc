from __future__ import annotations

import pytest

from support.plans import found, plan_text, task
from taskgraph_core.rules import unusual_form


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("root list", "the file is a list, not an object with tags"),
        ("list a tag", "the tags hold bare lists, without a 'tasks' key"),
        ("wrapped tags", "the tags stand inside a 'tags' key"),
    ],
)
def test_a_form_that_taskmaster_reads_as_empty_is_information(form: str, said: str) -> None:
    (finding,) = found(unusual_form, text=plan_text([task(1)], form))

    assert finding.code == "TG109"
    assert finding.severity == "info"
    assert finding.message == f"{said}; it was read all the same, but Taskmaster sees no tasks there"
    assert finding.path == "$"


def test_a_list_beside_tags_is_information_whichever_is_read() -> None:
    text = '{"tasks": [{"id": 1}], "master": {"tasks": [{"id": 2}]}}'
    (finding,) = found(unusual_form, text=text)

    assert finding.message.startswith("a 'tasks' list stands beside the tags; ")


@pytest.mark.parametrize("form", ["tagged", "flat", "flat with root keys"])
def test_the_usual_forms_are_silent(form: str) -> None:
    assert not found(unusual_form, text=plan_text([task(1)], form))
