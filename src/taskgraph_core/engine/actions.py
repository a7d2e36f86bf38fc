"""What this machine does for each kind of action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.attempt import DONE
from taskgraph_core.engine.command import run_command
from taskgraph_core.engine.python import run_python
from taskgraph_core.engine.wait import run_wait
from taskgraph_core.ir import Command, Noop, Python, Wait

if TYPE_CHECKING:
    from taskgraph_core.engine.attempt import Call, Result
    from taskgraph_core.engine.workspace import Workspace


async def perform(workspace: Workspace, call: Call) -> Result:
    """Carry out one call; with its workspace bound, this is an ``attempt.Perform``."""
    match call.action:
        case Command() as command:
            return await run_command(workspace, call, command)
        case Python() as python:
            return await run_python(workspace, call, python)
        case Wait() as wait:
            return await run_wait(workspace, call, wait)
        case Noop():
            return DONE
