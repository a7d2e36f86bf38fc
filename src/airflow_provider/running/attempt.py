"""One attempt at a task of Airflow, carried out by the core as on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskgraph_core.engine.single import attempt as single
from taskgraph_core.engine.single.attempt import Ended, Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from taskgraph_core.engine.actions.entry_point import Function
    from taskgraph_core.engine.attempt import Call

__all__ = ["Attempt", "Ended", "Where"]

PATIENCE = 3.0
"""Seconds that a program gets to end by itself when Airflow wants it ended: it kills this process after five."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which task instance this is, and where its project lies."""

    dag_id: str
    run_id: str
    map_index: int
    project: Path

    @property
    def origin(self) -> Origin:
        """The same in the core's words; Airflow repeats run ids from DAG to DAG, and numbers mapped tasks."""
        return Origin(self.dag_id, self.run_id, self.project, f"{self.dag_id}\0{self.run_id}\0{self.map_index}")


class Attempt(single.Attempt):
    """Carries out one attempt; ``run`` it once. Its ``key`` is the same for all attempts at the task.

    Args:
        call: what to do, and which attempt this is.
        where: the task instance.
        tell: told each line of output.
        function: called instead of the entry point of a Python action.
    """

    def __init__(
        self,
        call: Call,
        where: Where,
        tell: Callable[[str], None],
        function: Function | None = None,
    ) -> None:
        super().__init__(call, where.origin, tell, function=function, patience=PATIENCE)
        self.number = call.attempt
