"""Carrying out one action, to an ``Ended``; nothing but an interruption of the process escapes."""

from __future__ import annotations

import shlex
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

from prefect_integration.names import printable
from prefect_integration.running import call
from prefect_integration.running.outcome import SUCCESS, Ended, exited
from prefect_integration.running.programs import Surroundings, run_program
from prefect_integration.running.waits import wait_until_there
from taskgraph_core.ir import Command, Noop, Python, Wait

if TYPE_CHECKING:
    from taskgraph_core.ir import Action


def carry_out(action: Action, around: Surroundings) -> Ended:
    """Do what the action says.

    A Python function with a timeout, or that asks for it, runs in a process of its own, because a
    thread cannot be ended; it sees the environment's ``TASKGRAPH_`` variables there. Any other is
    called right here, where Prefect's own functions (loggers, artifacts) work.
    """
    match action:
        case Command():
            return run_program(action.argv or ("/bin/sh", "-c", action.shell), around, cwd=action.cwd)
        case Python():
            here = around.timeout is None and not action.process
            return _call_here(action, around) if here else _call_elsewhere(action, around)
        case Wait():
            return wait_until_there(action, around)
        case Noop():
            return SUCCESS


def in_words(action: Action) -> str:
    """What carrying it out would do, on one line, for a dry run."""
    match action:
        case Command():
            text = f"run {shlex.join(action.argv) if action.argv else action.shell}"
        case Python():
            text = f"call {action.entry_point}"
        case Wait():
            text = f"wait for {action.what} {action.target}"
        case Noop():
            text = "do nothing"
    return printable(text.replace("\n", " "))


def _call_here(action: Python, around: Surroundings) -> Ended:
    if ended := around.must_end:
        return ended
    try:
        call.call(action.entry_point, dict(action.kwargs))
    except SystemExit as request:
        return exited(request.code if isinstance(request.code, int) else int(request.code is not None))
    except Exception as error:  # noqa: BLE001 - whatever the function raises is how the task failed
        for line in "".join(traceback.format_exception(error)).splitlines():
            around.log(printable(line))
        return Ended("failed", printable("".join(traceback.format_exception_only(error)).strip()[:500]))
    return SUCCESS


def _call_elsewhere(action: Python, around: Surroundings) -> Ended:
    with tempfile.TemporaryFile() as order:
        order.write(call.order(action.entry_point, action.kwargs))
        order.seek(0)
        return run_program([sys.executable, call.__file__], around, stdin=order)
