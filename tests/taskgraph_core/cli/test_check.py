from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


def test_a_sound_plan_ends_with_exit_code_0(command: Command, plan: Path) -> None:
    ended = command("check", plan)

    assert ended.code == 0
    assert ended.err == ""


def test_errors_end_with_exit_code_1_and_say_what_where_and_what_to_do(command: Command, plan: Path) -> None:
    ended = command("check", plan, "--tag", "other")

    assert ended.code == 1
    assert "TG201 1 depends on 9, which does not exist in 'other'" in ended.out
    assert "at: $.other.tasks[0].dependencies[0]" in ended.out
    assert "do: remove it" in ended.out


def test_the_machine_form_has_exactly_the_promised_keys(command: Command, plan: Path) -> None:
    ended = command("check", plan, "--tag", "other", "--format", "json")

    content = json.loads(ended.out)
    assert set(content) == {"findings", "errors", "warnings"}
    assert content["errors"] == 1
    assert set(content["findings"][0]) == {"code", "severity", "message", "path", "tasks", "fix"}
    assert content["findings"][0]["tasks"] == ["1"]


def test_all_tags_are_checked_and_named(command: Command, plan: Path) -> None:
    ended = command("check", plan, "--all-tags")

    assert ended.code == 1
    assert "[other] 1 depends on 9" in ended.out
    assert "[master]" in ended.out


def test_github_annotations_escape_what_github_would_read_as_syntax(command: Command, tmp_path: Path) -> None:
    place = tmp_path / "a,b.json"
    place.write_text(json.dumps({"tasks": [{"id": 1, "title": "x", "dependencies": ["50%\n::error::"]}]}))

    ended = command("check", place, "--format", "github")

    line = next(line for line in ended.out.splitlines() if "TG201" in line)
    assert line.startswith("::error file=")
    assert "a%2Cb.json" in line
    assert "50%25" in line


def test_an_unknown_tag_is_usage_and_lists_the_tags(command: Command, plan: Path) -> None:
    ended = command("check", plan, "--tag", "nosuch")

    assert ended.code == 2
    assert "there is no tag 'nosuch'" in ended.err
    assert "master, other" in ended.err


def test_unreadable_input_ends_with_exit_code_2_and_no_traceback(command: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"master": {"tasks": [}')

    for words in (["check", broken], ["plan", broken], ["check", tmp_path / "absent.json"]):
        ended = command(*words)

        assert ended.code == 2
        assert ended.err.startswith("error: ")
        assert "Traceback" not in ended.err


def test_unreadable_input_is_a_finding_for_machines(command: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("")

    ended = command("check", broken, "--format", "json")

    assert ended.code == 2
    content = json.loads(ended.out)
    assert [finding["code"] for finding in content["findings"]] == ["TG101"]
    assert content["errors"] == 1


def test_reading_writes_nothing(command: Command, plan: Path) -> None:
    before = plan.read_bytes()

    command("check", plan, "--all-tags")
    command("compile", plan)

    assert plan.read_bytes() == before
    assert list(plan.parent.iterdir()) == [plan]


def test_fix_asks_before_it_removes_dangling_references(command: Command, plan: Path) -> None:
    before = plan.read_bytes()

    refused = command("check", plan, "--tag", "other", "--fix")
    assert refused.code != 0
    assert plan.read_bytes() == before

    ended = command("check", plan, "--tag", "other", "--fix", "--yes")
    assert ended.code == 0
    assert json.loads(plan.read_text())["other"]["tasks"][0]["dependencies"] == []
