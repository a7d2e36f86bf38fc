"""Why there is no DAG, as Airflow's page of import errors shows it."""

from __future__ import annotations

from airflow_provider.dynamic.building import sentence
from taskgraph_core.cli.app import explain
from taskgraph_core.errors import PlanError, TaskgraphError
from taskgraph_core.findings import errors
from taskgraph_core.show.text import plain

MOST = 5
"""Most errors of a plan that are shown each on its own."""


class UnusablePlanError(TaskgraphError):
    """Raised when a plan makes no DAG; as text it is what the command line would say, and the findings."""

    def __init__(self, error: TaskgraphError) -> None:
        super().__init__(plain(error.what), where=plain(error.where), fix=plain(error.fix))
        self.findings = tuple(errors(error.findings)) if isinstance(error, PlanError) else ()

    def __str__(self) -> str:
        more = [f"and {len(self.findings) - MOST} more"] if len(self.findings) > MOST else []
        return "\n".join([explain(self), *map(sentence, self.findings[:MOST]), *more])
