from __future__ import annotations

import ast

import pytest
from pydantic import ValidationError

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of

HOSTILE = ['\'"""\'', "a\\", "{{ x }}", "a\nimport os", "\u202e", "-o"]


def generated(**options: str) -> str:
    return TARGET.generate(graph_of("1"), AirflowOptions(**options)).files["example.py"]


def test_a_file_that_nobody_wants_to_report_holds_nothing_of_it() -> None:
    assert "plan_path" not in generated()
    assert "plan_path" not in generated(sync_tag="a", sync_failed="blocked")


def test_the_plan_is_named_in_the_file_and_how_it_was_asked_for_in_its_header() -> None:
    text = generated(sync="/srv/plan", sync_tag="next", sync_failed="blocked")

    assert 'PLAN = "/srv/plan"\nPLAN_TAG = "next"\nPLAN_FAILED = "blocked"\n' in text
    assert "-o DAGS --sync /srv/plan --sync-tag next --sync-failed blocked\n" in text


def test_a_plan_with_one_tag_needs_none() -> None:
    assert "PLAN_TAG = None\n" in generated(sync="plan")


@pytest.mark.parametrize("text", HOSTILE)
def test_paths_and_tags_stay_data(text: str) -> None:
    module = ast.parse(generated(sync=text, sync_tag=text))

    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
    }
    assert (constants["PLAN"], constants["PLAN_TAG"]) == (text, text)
    assert "--sync PLAN --sync-tag TAG\n" in (ast.get_docstring(module) or "")


def test_a_failed_task_becomes_only_what_taskmaster_knows() -> None:
    with pytest.raises(ValidationError):
        AirflowOptions(sync="plan", sync_failed="failed")  # type: ignore[arg-type]
