"""Commands: a program with arguments and no shell between, or one line of ``/bin/sh``."""

from __future__ import annotations

import errno
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.processes.spawn import Program

if TYPE_CHECKING:
    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.processes.usage import Exit
    from taskgraph_core.ir import Command

SKIPPED = 99
"""Exit code by which a program says that there was nothing to do."""

SHELL = "/bin/sh"


async def run_command(workspace: Workspace, call: Call, command: Command) -> Result:
    """Run a command to its end; one that cannot be started has failed."""
    try:
        program = program_of(workspace, call, command)
        how = await workspace.host.run(program, partial(workspace.spawned, call.task.id))
    except ChildProcessError:
        return Result.failed("its exit code is lost: something else in this process has waited for its programs")
    except (OSError, ValueError) as error:
        return Result.failed(_cannot_start(workspace, command, error))
    return result_of(how)


def result_of(how: Exit) -> Result:
    """What the end of a program means."""
    code, cpu_seconds, peak_memory = how
    if code in (0, SKIPPED):
        return Result("success" if code == 0 else "skipped", code, "", cpu_seconds, peak_memory)
    reason = f"exit code {code}" if code > 0 else f"ended by {signal_name(-code)}"
    return Result("failed", code, reason, cpu_seconds, peak_memory)


def program_of(workspace: Workspace, call: Call, command: Command) -> Program:
    """What to start for a command.

    A program named by a relative path lies in the project, whatever folder it runs in; one named
    without any slash is looked up in PATH.

    Raises:
        OSError: the file with the task's fields cannot be written.
    """
    argv = command.argv or (SHELL, "-c", command.shell)
    return Program(
        argv=argv,
        executable=str(workspace.project / argv[0]) if "/" in argv[0] else None,
        folder=workspace.project / command.cwd if command.cwd else workspace.project,
        environment=workspace.environment(call, command.env),
        log=workspace.log(call),
    )


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9, and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names of their own
        return f"signal {number}"


def _cannot_start(workspace: Workspace, command: Command, error: OSError | ValueError) -> str:
    """Why a command could not be started; the file an error names says which of the steps failed."""
    name = repr(command.argv[0] if command.argv else SHELL)
    if not isinstance(error, OSError):
        return f"cannot start {name}: {error}"
    place = Path(error.filename or "")
    if place == workspace.project / command.cwd:
        return f"cannot start {name} in folder '{place}': {error.strerror}"
    if place.is_relative_to(workspace.directory.path):
        return f"cannot start {name}, nor write '{place}': {error.strerror}"
    if error.errno == errno.E2BIG:
        reason = "its arguments or environment are longer than the system allows"
    elif error.errno == errno.ENOEXEC:
        reason = "the system cannot load it (a script must begin with '#!')"
    elif error.errno == errno.ENOENT:
        reason = "the interpreter in its first line does not exist" if place.exists() else "there is no such program"
    else:
        reason = error.strerror or str(error)
    return f"cannot start {name}: {reason}"
