"""Our own code for workers that have none of it: as source, in memory, under a name of its own.

Pickling functions "by value" would do as well, until one of them needs something that lives once in a process (a
registry, a context variable). So modules are sent as they are and run as a small package whose name holds a
digest of its content: engines of different versions do not meet there, and nothing stays on disk or on the import
path. Only ``entry.enter`` goes by value, and refers to nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import zlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

MODULES = (
    "engine.attempt",
    "engine.actions.capture",
    "engine.actions.returned",
    "engine.actions.entry_point",
    "engine.actions.isolated",
    "engine.processes.procs",
    "engine.processes.tree",
    "engine.processes.usage",
    "engine.remote.worker.supervisor",
    "engine.remote.worker.launch",
    "engine.remote.worker.function",
    "engine.remote.worker.job",
    "engine.remote.worker.dask_side",
    "engine.remote.worker.ray_side",
)
"""In an order in which each finds what it imports: the standard library, and those before it."""


class Package(NamedTuple):
    """What ``entry.enter`` makes a package of."""

    name: str
    content: bytes


@cache
def package() -> Package:
    """What is sent to every worker."""
    modules = [(name, _source(name)) for name in MODULES]
    content = zlib.compress(marshal.dumps((_source("engine.remote.worker.entry"), modules)), 9)
    return Package(f"_taskgraph_{hashlib.sha256(content).hexdigest()[:16]}", content)


@cache
def by_value(module: str, name: str) -> Any:  # noqa: ANN401 - a function or a class
    """What a module of ``worker`` defines, as something of no module: everybody must then pickle it by value."""
    namespace: dict[str, Any] = {"__name__": f"_taskgraph_{module}"}
    exec(compile(_source(f"engine.remote.worker.{module}"), f"<{module}>", "exec"), namespace)  # noqa: S102 - our own file
    return namespace[name]


def _source(name: str) -> str:
    spec = importlib.util.find_spec(f"taskgraph_core.{name}")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    return Path(spec.origin).read_text(encoding="utf-8")
