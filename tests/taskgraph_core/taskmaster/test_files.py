from __future__ import annotations

import pytest
from hypothesis import given

from support.plans import JSON_VALUES
from taskgraph_core.taskmaster.files import files_named


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Write src/app.py first.", "src/app.py"),
        ("Write src/app.py.", "src/app.py"),
        ("(see `docs/a-b/read_me.md`)", "docs/a-b/read_me.md"),
        ("open ./src/app.test.tsx:10", "src/app.test.tsx"),
        ("change .github/workflows/ci.yml", ".github/workflows/ci.yml"),
        ("tests/\u00e9t\u00e9/x.py", "tests/\u00e9t\u00e9/x.py"),
    ],
)
def test_a_path_in_the_text_counts_as_written(text: str, path: str) -> None:
    assert files_named({"details": text}) == {path: "write"}
    assert files_named({"description": text}) == {path: "write"}


@pytest.mark.parametrize(
    "text",
    [
        "app.py",
        "and/or",
        "https://example.com/a/b.html",
        "git@example.com:a/b.git",
        "/etc/passwd.conf",
        "../up/x.py",
        "3/4.5",
        "a/b.",
        "x" * 100_000,
        "a/" * 50_000,
        "a." * 50_000,
    ],
)
def test_what_is_no_relative_path_with_a_folder_and_a_suffix_is_left_alone(text: str) -> None:
    assert files_named({"details": text}) == {}


def test_relevant_files_say_whether_they_are_read() -> None:
    relevant = [
        {"path": "a.py", "action": "create"},
        {"path": "./b.py", "action": "reference"},
        {"path": "c.py", "action": "read"},
        {"path": "d.py"},
    ]

    assert files_named({"relevantFiles": relevant}) == {
        "a.py": "write",
        "b.py": "read",
        "c.py": "read",
        "d.py": "write",
    }


def test_what_relevant_files_say_wins_over_the_text() -> None:
    raw = {"relevantFiles": [{"path": "src/a.py", "action": "reference"}], "details": "look at src/a.py"}

    assert files_named(raw) == {"src/a.py": "read"}


@given(JSON_VALUES, JSON_VALUES)
def test_any_task_names_files_or_none(one: object, other: object) -> None:
    named = files_named({"relevantFiles": [one, {"path": other, "action": one}], "details": one, "description": other})

    assert set(named.values()) <= {"read", "write"}
