"""Command groups of installed adapters, such as ``taskgraph airflow``; the core imports none of them.

They register under the entry-point group ``taskgraph.commands``, each a ``typer.Typer``, and are
loaded only when they are asked for.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

GROUP = "taskgraph.commands"


class WithAdapters(TyperGroup):
    """The commands of ours, and below them those of the adapters."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's context, or click's
        """Every command by name."""
        return [*super().list_commands(ctx), *sorted(entry_points(group=GROUP).names)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's command, or click's
        """One command; ours before those of adapters."""
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        for point in entry_points(group=GROUP, name=cmd_name):
            command = typer.main.get_command(point.load())
            command.name = cmd_name
            return command
        return None
