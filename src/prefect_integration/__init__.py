"""Taskgraph for Prefect: a graph becomes a flow file, its limits and its deployment.

``generating`` makes them and needs no Prefect. ``running`` is what a generated flow calls: its
``dispatch`` drives the core's scheduler, and ``task_runs`` carries out its decisions as Prefect
task runs. ``collection`` is for flows that people write: their own from a plan, a task of it, a
block, an artifact; its names are found here as well.

This package itself imports nothing, because Prefect imports it whenever its command line starts
(entry point ``prefect.collections``): the names are looked up when they are asked for, as by
``prefect block register -m prefect_integration``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect_integration.collection import TaskgraphProfile, plan_artifact, taskgraph_flow, taskgraph_task

__all__ = ["TaskgraphProfile", "plan_artifact", "taskgraph_flow", "taskgraph_task"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as a module answers
    if name in __all__:
        from prefect_integration import collection  # noqa: PLC0415 - see above

        return getattr(collection, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
