"""What a worker does for one attempt: an order comes in, a reply goes back."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.actions.capture import Log
from taskgraph_core.engine.actions.isolated import read_answer
from taskgraph_core.engine.remote.worker.function import call_here
from taskgraph_core.engine.remote.worker.launch import Ended, child, run_program
from taskgraph_core.engine.remote.worker.supervisor import Output

if TYPE_CHECKING:
    from taskgraph_core.engine.remote.worker.launch import Lease

Order = dict[str, Any]
"""
* ``key``: names the attempt; ``lease``: seconds for which a word of the engine holds; ``grace``; ``limit`` of output;
* ``project``: folder; ``variables``: what is added to the environment; ``task``: the task as JSON;
* ``command`` (``argv``, ``cwd``) or ``function`` (``entry_point``, ``kwargs``), and whether it wants a ``process``.
"""

Reply = dict[str, Any]
"""
* ``ended``: ``exited``, ``returned``, ``cannot`` (nothing was started), ``stopped``, ``lost`` (the engine was) or
  ``refused`` (the engine did not want it);
* ``worker``: where it ran; ``output``: what it printed; ``gone``: whether nothing is left of it;
* ``code``, ``cpu_seconds``, ``peak_memory`` of a program, and what it ``told``, if it was started for a function;
* ``outcome``, ``error``, ``value`` of a function in the worker's own process.
"""

_ISOLATED = ("engine.attempt", "engine.actions.returned", "engine.actions.entry_point", "engine.actions.isolated")


_lock = threading.Lock()
_home: list[str] = []


def carry_out(order: Order, lease: Lease, worker: str) -> Reply:
    """Do what is ordered, if the engine still wants it, and as long as it does."""
    word = lease.begin()
    if word != "go":
        return {"worker": worker, "ended": "lost" if word == "lost" else "refused"}
    with tempfile.TemporaryDirectory(prefix="taskgraph-") as name:
        scratch = Path(name)
        if order["function"] is None:
            reply = _command(order, lease, scratch)
        elif order["process"] or not _is_home(order["project"]):
            reply = _process(order, lease, scratch)
        else:
            reply = _thread(order, lease, scratch)
    return {"worker": worker, **reply}


def _is_home(project: str) -> bool:
    """Whether functions of a project may be called in this process: those of the first that wanted it.

    Another project can have modules of the same names, and a process keeps the ones it has.
    """
    with _lock:
        if not _home:
            _home.append(project)
        return project == _home[0]


def _command(order: Order, lease: Lease, scratch: Path) -> Reply:
    project = Path(order["project"])
    if not project.is_dir():
        return _cannot(f"the project folder {str(project)!r} does not exist there")
    argv = order["command"]["argv"]
    executable = str(project / argv[0]) if "/" in argv[0] else None
    ended = _supervised(order, argv, executable, str(project / order["command"]["cwd"]), lease, scratch)
    if ended.cannot:
        return _cannot(f"cannot start {argv[0]!r}: {ended.cannot}")
    return _reply("exited", ended)


def _process(order: Order, lease: Lease, scratch: Path) -> Reply:
    """In a process of its own, which leaves its answer in a file, as ``isolated`` says."""
    question, answer = scratch / "call.json", scratch / "answer.json"
    question.write_text(json.dumps(order["function"]), encoding="utf-8")
    arguments = (str(question), str(answer), order["project"])
    argv = child(scratch / "code", _ISOLATED, "engine.actions.isolated:main", arguments)
    project = Path(order["project"])
    ended = _supervised(order, argv, None, str(project if project.is_dir() else Path.cwd()), lease, scratch)
    if ended.cannot:
        return _cannot(f"cannot start {argv[0]!r}: {ended.cannot}")
    return {**_reply("exited", ended), "told": read_answer(answer)}


def _thread(order: Order, lease: Lease, scratch: Path) -> Reply:
    """In this thread; another one keeps the lease meanwhile."""
    place = scratch / "log"
    over = threading.Event()
    word = "go"

    def keep() -> None:
        nonlocal word
        while not over.wait(0.2):
            word = lease.word()

    def goes_on() -> bool:
        return word == "go" and lease.left() > 0

    keeper = threading.Thread(target=keep, name="taskgraph", daemon=True)
    keeper.start()
    try:
        result = call_here(order["function"], order["project"], Log(lambda: place), goes_on)
    finally:
        over.set()
        keeper.join()
    reply = {"ended": "returned", "outcome": result.outcome, "error": result.error, "value": result.value}
    if result.outcome != "success" and not goes_on():
        reply["ended"] = "stopped" if word != "go" else "lost"
    output = Output(order["limit"])
    if place.exists():
        output.add(place.read_bytes())
    return {**reply, "output": output.text(), "gone": True}


def _supervised(
    order: Order, argv: list[str], executable: str | None, folder: str, lease: Lease, scratch: Path
) -> Ended:
    task = scratch / "task.json"
    task.write_bytes(order["task"])
    environment = {**os.environb, **order["variables"], b"TASKGRAPH_TASK_JSON": os.fsencode(task)}
    if b"TASKGRAPH_UNDO" not in order["variables"]:
        environment.pop(b"TASKGRAPH_UNDO", None)
    return run_program(argv, executable, folder, environment, lease=lease, grace=order["grace"], limit=order["limit"])


def _reply(ended: str, how: Ended) -> Reply:
    return {
        "ended": how.reason or ended,
        "code": how.code,
        "cpu_seconds": how.cpu_seconds,
        "peak_memory": how.peak_memory,
        "gone": how.gone,
        "output": how.output,
    }


def _cannot(error: str) -> Reply:
    return {"ended": "cannot", "error": error}
