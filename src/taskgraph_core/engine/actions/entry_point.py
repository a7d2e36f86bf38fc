"""Entry points: the function that ``package.module:function`` names."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Function(NamedTuple):
    """An entry point that was found; ``is_coroutine`` if what it returns is to be awaited."""

    call: Callable[..., Any]
    is_coroutine: bool


def find(entry_point: str) -> Function:
    """Import its module, which can take seconds, and look it up.

    Raises:
        Exception: whatever importing the module raises, or AttributeError or TypeError where it has no such function.
    """
    module_name, _, path = entry_point.partition(":")
    found: Any = importlib.import_module(module_name)
    for name in path.split("."):
        found = getattr(found, name)
    if not callable(found):
        msg = f"{entry_point} is not a function"
        raise TypeError(msg)
    return Function(found, inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(type(found).__call__))


def refuse_coroutine(value: object) -> None:
    """Complain about what a plain function returned if that is work nobody will ever do.

    Raises:
        TypeError: it is a coroutine.
    """
    if inspect.iscoroutine(value):
        value.close()
        msg = "it returned a coroutine that nobody awaits; make it an 'async def' function"
        raise TypeError(msg)
