from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from support.plans import JSON_VALUES
from taskgraph_core.taskmaster.complexity import _scores, read_scores, usable_score
from taskgraph_core.taskmaster.locate import Location

if TYPE_CHECKING:
    from pathlib import Path

REPORT = {"complexityAnalysis": [{"taskId": 1, "complexityScore": 8}, {"taskId": "2", "complexityScore": 2.5}]}


def report(folder: Path, place: str, content: object = None) -> Location:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(REPORT if content is None else content), encoding="utf-8")
    return Location(folder / "tasks.json", folder)


@pytest.mark.parametrize(
    "place",
    [
        ".taskmaster/reports/task-complexity-report.json",
        "scripts/task-complexity-report.json",
        "task-complexity-report.json",
    ],
)
def test_scores_are_read_from_where_taskmaster_writes_them(tmp_path: Path, place: str) -> None:
    assert read_scores(report(tmp_path, place), "master") == {"1": 8.0, "2": 2.5}


def test_each_tag_has_a_report_of_its_own(tmp_path: Path) -> None:
    location = report(tmp_path, ".taskmaster/reports/task-complexity-report_feature.json")

    assert read_scores(location, "feature") == {"1": 8.0, "2": 2.5}
    assert read_scores(location, "master") == {}


@pytest.mark.parametrize("tag", ["../../x", "a/b", "x" * 5000, "a\x00b", "(root)"])
def test_a_tag_that_cannot_be_in_a_file_name_has_no_report(tmp_path: Path, tag: str) -> None:
    assert read_scores(Location(tmp_path / "tasks.json", tmp_path), tag) == {}


@pytest.mark.parametrize("content", [[], "x", {"complexityAnalysis": {}}, {"complexityAnalysis": [None, {}, [1]]}])
def test_a_report_of_another_shape_says_nothing(tmp_path: Path, content: object) -> None:
    assert read_scores(report(tmp_path, "task-complexity-report.json", content), "master") == {}


@pytest.mark.parametrize("value", [1, 10, 5.5, 0.1])
def test_a_score_is_a_number_up_to_ten(value: float) -> None:
    assert usable_score(value) == value


@pytest.mark.parametrize(
    "value", [0, -1, 10.1, True, "5", None, [], float("nan"), float("inf"), pytest.param(10**400, id="huge")]
)
def test_anything_else_is_no_score(value: object) -> None:
    assert usable_score(value) is None


@given(JSON_VALUES)
def test_any_report_gives_scores_in_their_range(value: object) -> None:
    report = {"complexityAnalysis": [value, {"taskId": 1, "complexityScore": value}, {"taskId": value}]}

    assert all(0 < score <= 10 for score in _scores(report).values())
