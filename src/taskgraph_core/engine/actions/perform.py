"""What this machine does for each kind of action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.command import run_command
from taskgraph_core.engine.actions.python import run_python
from taskgraph_core.engine.actions.wait import run_wait
from taskgraph_core.engine.attempt import DONE
from taskgraph_core.ir import Command, Noop, Python, Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call, Result


def perform(workspace: Workspace, call: Call) -> Awaitable[Result]:
    """Carry out one call; with its workspace bound, this is an ``attempt.Perform``."""
    match call.action:
        case Noop():
            return DONE
        case Python() as python:
            return run_python(workspace, call, python)
        case Command() as command:
            return run_command(workspace, call, command)
        case Wait() as wait:
            return run_wait(workspace, call, wait)
