from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import priority


def test_an_alias_is_information() -> None:
    (finding,) = found(priority, task(1, priority="P0"), task(2, priority="P0"), task(3, priority="HIGH"))[:1]

    assert finding.code == "TG107"
    assert finding.severity == "info"
    assert finding.message == "2 tasks have the priority 'P0', read as 'critical': 1, 2"
    assert finding.path == "$.master.tasks[0].priority"
    assert finding.tasks == ("1", "2")


def test_an_unknown_word_is_a_warning() -> None:
    (finding,) = found(priority, task(1, priority="someday"))

    assert finding.severity == "warning"
    assert finding.message == "1 task has the priority 'someday', read as 'medium': 1"


def test_what_is_no_word_is_a_warning_and_cut_short() -> None:
    (finding,) = found(priority, task(1, priority=list(range(100))))

    assert "has the priority [0, 1, 2, 3, " in finding.message
    assert len(finding.message) < 140


def test_taskmasters_words_and_no_priority_are_silent() -> None:
    words = ["low", "medium", "high", "critical", None]
    assert not found(priority, *[task(number, priority=word) for number, word in enumerate(words)])
