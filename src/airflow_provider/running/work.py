"""What an operator was told to do, as the core's own action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from taskgraph_core.engine.attempt import Call
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Command, Python, Resource, Task

if TYPE_CHECKING:
    from collections.abc import Mapping


def call_of(told: Mapping[str, Any], fields: Mapping[str, Any], attempt: int) -> Call:
    """An attempt at what a mapping means, for a task with these fields.

    The mapping holds ``command`` (with ``cwd``, ``env``) or ``call`` (with ``arguments``, ``process``), and ``undo`` if
    that is the task's rollback.

    Raises:
        TargetError: it means nothing.
    """
    undo = bool(told.get("undo"))
    action = _action({name: value for name, value in told.items() if name != "undo"})
    try:
        task = Task.model_validate({**fields, "rollback" if undo else "action": action})
    except ValidationError as error:
        msg = f"this is no task: {_first(error)}"
        raise TargetError(msg, fix="give it fields that a task has") from error
    return Call(task, attempt, undo)


def _action(told: Mapping[str, Any]) -> Command | Python:
    rest = dict(told)
    try:
        if "call" in rest:
            names = {"call": "entry_point", "arguments": "kwargs"}
            return Python.model_validate({names.get(name, name): value for name, value in rest.items()})
        command = rest.pop("command", "")
        return Command.model_validate({"shell" if isinstance(command, str) else "argv": command, **rest})
    except ValidationError as error:
        msg = f"this is no action: {_first(error)}"
        fix = 'write {"command": ["make", "all"]}, {"command": "make all > log"} or {"call": "module:function"}'
        raise TargetError(msg, fix=fix) from error


def resources_of(limits: Mapping[str, Mapping[str, Any]]) -> list[Resource]:
    """The resources that a mapping of names to ``rate`` and ``breaker`` means.

    Raises:
        TargetError: a limit is none.
    """
    try:
        return [Resource.model_validate({"name": name, **limit}) for name, limit in limits.items()]
    except ValidationError as error:
        msg = f"this is no limit: {_first(error)}"
        fix = 'write {"api": {"rate": {"amount": 10, "seconds": 60}, "breaker": {"failures": 3, "open": 60}}}'
        raise TargetError(msg, fix=fix) from error


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    place = ".".join(map(str, found["loc"]))
    return f"{place}: {found['msg']}" if place else found["msg"]
