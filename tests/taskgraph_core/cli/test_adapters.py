from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.command import Command


def test_groups_of_installed_adapters_stand_among_the_commands(command: Command) -> None:
    assert "airflow" in command("--help").out
    assert "taskgraph airflow" in command("airflow", "--help").out


def test_a_group_that_nobody_brought_is_no_command(command: Command) -> None:
    ended = command("luigi")

    assert ended.code == 2
    assert "No such command" in ended.err
