"""Calling a Python function named by an entry point, here or in a process of its own.

As a script it reads its order from standard input and makes the call; the standard library is
all it imports for that.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import sys
from typing import Any


def call(entry_point: str, kwargs: dict[str, Any]) -> None:
    """Import and call ``package.module:function``; a coroutine is run to its end."""
    module, _, path = entry_point.partition(":")
    function: Any = importlib.import_module(module)
    for name in path.split("."):
        function = getattr(function, name)
    result = function(**kwargs)
    if inspect.iscoroutine(result):
        asyncio.run(result)


def order(entry_point: str, kwargs: dict[str, Any]) -> bytes:
    """What the script reads; modules are looked for where this process looks for them."""
    return json.dumps({"entry_point": entry_point, "kwargs": kwargs, "path": sys.path}).encode()


def main() -> None:
    """Make the call that was ordered on standard input."""
    ordered = json.load(sys.stdin)
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115 - stays open as long as the process
    sys.path[:] = ordered["path"]
    call(ordered["entry_point"], ordered["kwargs"])


if __name__ == "__main__":
    main()
