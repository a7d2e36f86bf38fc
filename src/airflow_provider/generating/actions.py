"""What a task does, as entries of its row in the generated table.

A row holds a command as the profile does: a list of arguments, or a line of ``/bin/sh``. The
generated file quotes them for the shell that Airflow starts, and wraps them in ``literal()``, so that
they never reach Jinja. Folders are the exception, because they may depend on where Airflow keeps the
DAG; ``folder`` makes them inert.
"""

from __future__ import annotations

import re
from datetime import datetime
from posixpath import isabs, join, relpath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_provider.generating.layout import number
from airflow_provider.generating.text import is_passable
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Command, Noop, Python, Wait

if TYPE_CHECKING:
    from taskgraph_core.ir import Task

DAG_FOLDER = "{{ task.dag.folder }}"
"""Airflow's template for the folder of the DAG file, wherever a worker keeps it."""

SHORTEST_PAUSE = 10.0
"""Least seconds for which a task gives its place to others: Airflow may lose one that comes back at once."""

_NESTING_LIMIT = 50
_LARGEST_NUMBER = 1e300
# What Jinja reads or changes in a template, and the endings by which Airflow takes one for a file's name.
_SPECIAL = re.compile(r"[{\r\n]|\.(?:sh|bash)\Z")


def action_entries(task: Task, project: str) -> dict[str, object]:
    """The entries of a task's row that say what it does; none if it does nothing.

    Args:
        task: the task.
        project: folder that relative paths belong to, itself absolute or seen from the DAG file's; empty for that.

    Raises:
        TargetError: Airflow could not carry the action out.
    """
    match task.action:
        case Command() as command:
            return _command(task, command, project)
        case Python() as python:
            _refuse_unplain(task, python.kwargs)
            arguments = {"arguments": python.kwargs} if python.kwargs else {}
            return {"call": python.entry_point, **arguments}
        case Wait() as wait:
            return {f"wait_for_{wait.what}": _target(task, wait, project), **_pauses(wait)}
        case Noop():
            return {}


def folder(project: str, path: str = "") -> str:
    """A template that renders to exactly this path, below the project folder or else the DAG file's.

    Text that Jinja would look at is written as one of its string literals.
    """
    place = join(project, path) if path else project
    if isabs(place):
        return _inert(place)
    return join(DAG_FOLDER, _inert(place)) if place else DAG_FOLDER


def _command(task: Task, command: Command, project: str) -> dict[str, object]:
    for text in (*command.argv, command.shell, command.cwd, *command.env, *command.env.values()):
        _refuse_unfit(task, text)
    if any("=" in name or not name for name in command.env):
        msg = "an environment variable has a name that no system takes"
        raise TargetError(msg, where=f"task {task.id!r}", fix="use letters, digits and underscores")
    argv = [_program(task, command, project), *command.argv[1:]] if command.argv else []
    entries: dict[str, object] = {"command": argv or command.shell}
    if command.cwd:
        entries["cwd"] = folder(project, command.cwd)
    if command.env:
        entries["env"] = dict(command.env)
    return entries


def _program(task: Task, command: Command, project: str) -> str:
    """What to call the program: one with a relative path lies in the project, whatever folder it runs in."""
    program = command.argv[0]
    if "/" not in program or isabs(program) or not command.cwd:
        return program
    if isabs(project):
        return join(project, program)
    if isabs(command.cwd):
        msg = f"the program {program!r} lies in the project, and nobody said where that is on Airflow's workers"
        raise TargetError(msg, where=f"task {task.id!r}", fix="give its absolute path with --project-dir")
    return relpath(program, command.cwd)


def _target(task: Task, wait: Wait, project: str) -> str:
    _refuse_unfit(task, wait.target)
    match wait.what:
        case "file":
            return folder(project, wait.target)
        case "http":
            if not _is_url(wait.target):
                msg = f"{wait.target!r}, which it waits for, is not an http:// or https:// URL"
                raise TargetError(msg, where=f"task {task.id!r}", fix="write the whole address")
            return wait.target
        case "command":
            return wait.target
        case "time":
            return _instant(task, wait.target)


def _pauses(wait: Wait) -> dict[str, object]:
    """How often to ask; a time needs no asking."""
    if wait.what == "time":
        return {}
    # A file is looked for by Airflow's triggerer, at one pace; anything else is asked for on a worker.
    if wait.what == "file":
        return {"every": number(wait.interval)}
    every = max(wait.interval, SHORTEST_PAUSE)
    if wait.factor == 1 or wait.max_interval <= every:
        return {"every": number(every)}
    return {"every": number(every), "factor": number(wait.factor), "at_most_every": number(wait.max_interval)}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _instant(task: Task, text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        msg = f"{text!r}, which it waits for, is no instant with an offset from UTC"
        raise TargetError(msg, where=f"task {task.id!r}", fix="write it like 2030-01-31T08:00:00+01:00")
    return instant.isoformat()


def _refuse_unplain(task: Task, value: object, depth: int = 0) -> None:
    """Refuse arguments of a function that no JSON holds, or that a parser could not read back."""
    match value:
        case str():
            _refuse_unfit(task, value)
        case bool() | None:
            return
        case int() | float() if abs(value) <= _LARGEST_NUMBER:
            return
        case list() | tuple() if depth < _NESTING_LIMIT:
            for item in value:
                _refuse_unplain(task, item, depth + 1)
        case dict() if depth < _NESTING_LIMIT:
            for key, item in value.items():
                _refuse_unplain(task, key, depth + 1)
                _refuse_unplain(task, item, depth + 1)
        case _:
            msg = "its function has an argument that is not plain: it is nested too deeply, too large, or no JSON"
            raise TargetError(msg, where=f"task {task.id!r}", fix="pass text, numbers, lists and tables")


def _refuse_unfit(task: Task, text: str) -> None:
    if not is_passable(text):
        msg = "a program cannot be given a NUL character or half of a character"
        raise TargetError(msg, where=f"task {task.id!r}", fix="remove it from the command")


def _inert(text: str) -> str:
    return f"{{{{ {text!a} }}}}" if _SPECIAL.search(text) else text
