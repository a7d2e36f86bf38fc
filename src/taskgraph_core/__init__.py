"""Taskgraph: one validated task graph out of a Taskmaster plan, for every system that runs it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("taskgraph")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0.0.0"
