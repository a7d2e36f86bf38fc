"""From an attempt to what a worker is sent, and from what comes back to a result and a log."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions import isolated
from taskgraph_core.engine.actions.command import SHELL, result_of
from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.processes.usage import Exit
from taskgraph_core.ir import Command

if TYPE_CHECKING:
    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.remote.worker.job import Order, Reply
    from taskgraph_core.ir import Python


def order_of(workspace: Workspace, call: Call, action: Command | Python, *, lease: float, limit: int) -> Order:
    """Everything that a worker needs to know."""
    order: Order = {
        "key": f"taskgraph-{workspace.run_id}-{secrets.token_hex(8)}",
        "lease": lease,
        "grace": workspace.host.grace,
        "limit": limit,
        "project": str(workspace.project),
        "task": call.task.model_dump_json().encode(),
        "command": None,
        "function": None,
        "process": True,
    }
    if isinstance(action, Command):
        argv = list(action.argv or (SHELL, "-c", action.shell))
        return order | {
            "variables": workspace.variables(call, action.env),
            "command": {"argv": argv, "cwd": action.cwd},
        }
    return order | {
        "variables": workspace.variables(call, {}),
        "function": {"entry_point": action.entry_point, "kwargs": action.kwargs},
        "process": action.process,
    }


def result_from(reply: Reply) -> Result:
    """What became of an attempt; of one that was stopped nobody asks."""
    worker = reply["worker"]
    match reply["ended"]:
        case "returned":
            result = Result(reply["outcome"], error=reply["error"], value=reply["value"])
        case "exited":
            how = Exit(reply["code"], reply["cpu_seconds"], reply["peak_memory"])
            result = isolated.result_of(how, reply["told"]) if "told" in reply else result_of(how)
        case "cannot":
            result = Result.failed(f"on {worker}: {reply['error']}")
        case "lost":
            result = Result.failed("its worker did not hear from the engine any more, so it ended it")
        case _:
            result = Result.failed("it was ended on its worker, though nobody here wanted that")
    return replace(result, worker=worker)
