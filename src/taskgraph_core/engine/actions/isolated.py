"""Python functions in a process of their own, which can be stopped with whatever they started.

A fresh interpreter, not a fork of the engine: threads, locks and open files of the engine are none of its business.
It is a program like that of a command, with the same variables, and is started, bounded and killed as one.
What to call goes to it in a file, and what that came to comes back in another; both lie beside the
task's own file and are gone afterwards.

    python -P -c START ROOT MODULE CALL ANSWER PROJECT
"""

from __future__ import annotations

import json
import sys
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.entry_point import find, refuse_coroutine
from taskgraph_core.engine.actions.returned import kept, note
from taskgraph_core.engine.attempt import Result, describe

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.processes.usage import Exit
    from taskgraph_core.ir import Python

FAILED = 1

# Not -m: this package may lie where the new interpreter does not look, and goes by its name where it lies here.
_START = (
    "import sys; sys.path.append(sys.argv[1]); from importlib import import_module;"
    "sys.exit(import_module(sys.argv[2]).main(*sys.argv[3:]))"
)


async def run_isolated(workspace: Workspace, call: Call, action: Python) -> Result:
    """Call an entry point in a process of its own; an exception is a failure, and its traceback goes to the log."""
    from taskgraph_core.engine.processes.spawn import Program  # noqa: PLC0415 - not for the process itself

    place = workspace.directory.task_file(call.task.id)
    # No file of a task has two "~" in its name: see ``rundir``.
    stem = f"{place.stem}~{'undo' if call.undo else ''}{call.attempt}"
    question, answer = place.with_name(f"{stem}~call.json"), place.with_name(f"{stem}~answer.json")
    paths = (str(question), str(answer), str(workspace.project))
    root = str(Path(__file__).parents[__name__.count(".")])
    try:
        question.write_bytes(action.model_dump_json().encode())
        program = Program(
            argv=(sys.executable, "-P", "-c", _START, root, __name__, *paths),
            executable=sys.executable,
            folder=workspace.project,
            environment=workspace.environment(call, {}),
            log=workspace.log(call),
        )
        how = await workspace.host.run(program, partial(workspace.spawned, call.task.id))
        told = read_answer(answer)
    except ChildProcessError:
        return Result.failed("its exit code is lost: something else in this process has waited for its programs")
    except (OSError, ValueError) as error:
        return Result.failed(f"cannot start a process for it: {describe(error)}")
    finally:
        for file in (question, answer):
            with suppress(OSError):
                file.unlink(missing_ok=True)
    return result_of(how, told)


def result_of(how: Exit, told: dict[str, object] | None) -> Result:
    """What the end of such a process means, and what it told."""
    from taskgraph_core.engine.actions.command import signal_name  # noqa: PLC0415 - not for the process itself

    code, cpu_seconds, peak_memory = how
    if code == 0 and told is not None and "value" in told:
        return Result("success", None, "", cpu_seconds, peak_memory, told["value"])
    if code == FAILED and told is not None and "error" in told:
        failure = Result.failed(str(told["error"]))
        return Result("failed", None, failure.error, cpu_seconds, peak_memory)
    end = f"ended with exit code {code}" if code >= 0 else f"was ended by {signal_name(-code)}"
    return Result("failed", code, f"its process {end} and left no answer", cpu_seconds, peak_memory)


def read_answer(answer: Path) -> dict[str, object] | None:
    """What a process left; None if that is nothing that can be understood."""
    try:
        told = json.loads(answer.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def main(question: str, answer: str, project: str) -> int:
    """Be the process: call the function, leave the answer, and say with the exit code which kind it is."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    sys.path.insert(0, project)  # not before: a module of the project may be named like one of ours
    try:
        told: dict[str, object] = {"value": _call(json.loads(Path(question).read_bytes()))}
        code = 0
    except BaseException as error:  # noqa: BLE001 - whatever it is, that is how the function failed
        traceback.print_exc()
        told, code = {"error": describe(error)}, FAILED
    Path(answer).write_text(json.dumps(told))
    return code


def _call(action: dict[str, object]) -> object:
    function = find(str(action["entry_point"]))
    kwargs = action["kwargs"]
    if not isinstance(kwargs, dict):
        raise TypeError
    value = function.call(**kwargs)
    if function.is_coroutine:
        import asyncio  # noqa: PLC0415 - slow to import, and most functions need none

        value = asyncio.run(_awaited(value))
    refuse_coroutine(value)
    try:
        return kept(value)
    except ValueError as error:
        sys.stdout.write(note(error))
        return None


async def _awaited(coroutine: Awaitable[object]) -> object:
    return await coroutine
