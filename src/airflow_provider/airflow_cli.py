"""``airflow taskgraph``: the commands of ``taskgraph`` that have to do with Airflow, from Airflow's own command.

They are the same commands: what follows their name is handed on as it is. Airflow imports this
module whenever its command is called, so it imports nothing before one of them is wanted.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_COMMANDS = {
    "check": ("Check a plan", ("check",)),
    "generate": ("Generate the DAG and the pools of a plan", ("generate", "airflow")),
    "apply": ("Bring pools to a live Airflow", ("airflow", "apply")),
    "doctor": ("See whether a live Airflow fits the generated DAGs", ("airflow", "doctor")),
}
"""What each is for, and what it is called there."""


class _Words:
    """Everything that follows the command, options too; takes the place of an ``Arg`` of Airflow."""

    flags = ("words",)

    def add_to_parser(self, parser: ArgumentParser) -> None:
        """Nothing that follows is an option of Airflow's, not even ``--help``."""
        parser.prefix_chars = "\0"
        parser.add_argument(*self.flags, nargs="...", help="as for the command of the same name under 'taskgraph'")


def commands() -> list[Any]:
    """The command group, as Airflow wants it from a provider."""
    from airflow.cli.cli_config import ActionCommand, GroupCommand  # noqa: PLC0415 - where there is no Airflow

    actions = [
        ActionCommand(name=name, help=summary, func=partial(_hand_over, words), args=(_Words(),))
        for name, (summary, words) in _COMMANDS.items()
    ]
    return [GroupCommand(name="taskgraph", help="Plans of Taskmaster as DAGs", subcommands=actions)]


def _hand_over(command: tuple[str, ...], given: Namespace) -> None:
    """Do as if ``taskgraph`` had been called; it ends the process."""
    import sys  # noqa: PLC0415

    from taskgraph_core.cli.app import main  # noqa: PLC0415 - only where a command is wanted

    sys.argv = ["taskgraph", *command, *given.words]
    main()
