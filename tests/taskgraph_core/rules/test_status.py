from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import status


def test_an_alias_is_information() -> None:
    (finding,) = found(status, task(1, status="Completed"), task(2, status="Completed"), task(3))

    assert finding.code == "TG106"
    assert finding.severity == "info"
    assert finding.message == "2 tasks have the status 'Completed', read as 'done': 1, 2"
    assert finding.path == "$.master.tasks[0].status"
    assert finding.tasks == ("1", "2")
    assert finding.fix == "write 'done', or another of Taskmaster's words"


def test_an_unknown_word_is_a_warning() -> None:
    (finding,) = found(status, task(1, status="maybe"))

    assert finding.severity == "warning"
    assert finding.message == "1 task has the status 'maybe', read as 'pending': 1"


def test_no_status_at_all_is_information() -> None:
    (finding,) = found(status, task(1, status=None))

    assert finding.severity == "info"
    assert finding.message == "1 task has no status, read as 'pending': 1"


def test_text_that_says_none_is_an_unknown_word() -> None:
    (finding,) = found(status, task(1, status="None"))

    assert finding.severity == "warning"


def test_hostile_text_is_quoted_and_cut_short() -> None:
    (finding,) = found(status, task(1, status="\x1b[2J\u202e" + "x" * 500))

    assert finding.message.isprintable()
    assert finding.message.isascii()
    assert len(finding.message) < 140


def test_words_are_known_in_any_case_and_joint() -> None:
    words = ["pending", "done", "in-progress", "review", "deferred", "cancelled", "blocked"]
    assert not found(status, *[task(number, status=word) for number, word in enumerate(words)])
