from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command


@pytest.mark.parametrize("target", ["airflow", "prefect"])
def test_files_are_written_and_named(command: Command, plan: Path, tmp_path: Path, target: str) -> None:
    ended = command("generate", target, plan, "-o", tmp_path / "made")

    assert ended.code == 0
    written = sorted(map(str, (tmp_path / "made").iterdir()))
    assert sorted(ended.out.split()) == written
    assert any(name.endswith(".py") for name in written)


def test_an_unknown_target_lists_those_there_are(command: Command, plan: Path) -> None:
    ended = command("generate", "cron", plan)

    assert ended.code == 2
    assert "there is no target 'cron'" in ended.err
    assert "airflow, prefect" in ended.err


def test_an_unknown_option_of_a_target_names_the_known_ones(command: Command, plan: Path) -> None:
    ended = command("generate", "airflow", plan, "--project-dri", "/x")

    assert ended.code == 2
    assert "project_dir" in ended.err


def test_a_link_in_the_output_folder_is_replaced_not_followed(command: Command, plan: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    made = tmp_path / "made"
    made.mkdir()
    command("generate", "airflow", plan, "-o", made)
    generated = next(made.glob("*.py"))
    generated.unlink()
    generated.symlink_to(victim)

    ended = command("generate", "airflow", plan, "-o", made)

    assert ended.code == 0
    assert victim.read_text() == "untouched"
    assert not generated.is_symlink()
