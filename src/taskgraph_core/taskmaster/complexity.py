"""The complexity report: a score from 1 to 10 for each task, which weighs its estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskgraph_core.taskmaster.locate import DEFAULT_TAG, read_object

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.taskmaster.locate import Location

AVERAGE = 5.0
"""The score of a task that takes just the default estimate."""


def read_scores(location: Location, tag: str) -> dict[str, float]:
    """Scores by task id from the project's report for a tag; empty if there is none."""
    for place in _places(location, tag):
        report = read_object(place)
        if report:
            return _scores(report)
    return {}


def _places(location: Location, tag: str) -> list[Path]:
    suffix = "" if tag == DEFAULT_TAG else f"_{tag}"
    name = f"task-complexity-report{suffix}.json"
    return [
        location.taskmaster / "reports" / name,
        location.project / "scripts" / name,
        location.project / name,
    ]


def _scores(report: dict[str, Any]) -> dict[str, float]:
    analysis = report.get("complexityAnalysis")
    scores = {}
    for item in analysis if isinstance(analysis, list) else ():
        if isinstance(item, dict):
            score = usable_score(item.get("complexityScore"))
            task_id = item.get("taskId")
            if score and isinstance(task_id, int | str):
                scores[str(task_id)] = score
    return scores


def usable_score(value: object) -> float | None:
    """A score from 1 to 10, or None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 10:
        return float(value)
    return None
