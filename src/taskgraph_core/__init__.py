"""Taskgraph: one validated task graph out of a Taskmaster plan, for every system that runs it."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """``__version__``, looked up when it is asked for: reading package metadata costs a command's start."""
    if name != "__version__":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see above

    try:
        return version("taskgraph")
    except PackageNotFoundError:  # running from a source tree that was never installed
        return "0.0.0"
