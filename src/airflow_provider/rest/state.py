"""What a live Airflow says of one DAG, of its programs and of its limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from taskgraph_core.errors import ServiceError

if TYPE_CHECKING:
    from airflow_provider.rest.client import Airflow

_HIDDEN = (403, 404, 406)
"""How Airflow answers where the configuration, or a DAG's source, is not for everybody."""


@dataclass(frozen=True, slots=True)
class LiveDag:
    """One DAG as Airflow has it.

    Attributes:
        dag_id: its id.
        paused: whether its runs wait.
        broken: whether Airflow could not import its file the last time.
        max_active_tasks: most tasks of a run at once.
        page: its documentation, empty without one.
        source: the text of its file, None where Airflow does not show it.
    """

    dag_id: str
    paused: bool
    broken: bool
    max_active_tasks: int
    page: str
    source: str | None


def live_dag(airflow: Airflow, dag_id: str) -> LiveDag | None:
    """The DAG of an id; None where Airflow does not list it, or does so no more.

    Raises:
        ServiceError: Airflow does not answer, or refuses.
    """
    try:
        found = airflow.get("dags", dag_id, "details")
    except ServiceError as error:
        if error.status != 404:
            raise
        return None
    if found["is_stale"]:
        return None
    source = _source(airflow, dag_id)
    return LiveDag(
        dag_id,
        found["is_paused"],
        found["has_import_errors"],
        found["max_active_tasks"],
        found["doc_md"] or "",
        source,
    )


def import_errors(airflow: Airflow) -> dict[str, str]:
    """The files that Airflow cannot import, by name without their folder, and the last line of what went wrong.

    Raises:
        ServiceError: Airflow does not answer, or refuses.
    """
    return {
        PurePath(each["filename"]).name: (each["stack_trace"].strip().splitlines() or [""])[-1]
        for each in airflow.every("importErrors")
    }


def unhealthy(airflow: Airflow) -> dict[str, str]:
    """The programs that are not healthy, and how they are instead.

    Raises:
        ServiceError: Airflow does not answer, or refuses.
    """
    health = airflow.get("monitor", "health")
    states = {name: (health.get(name) or {}).get("status") for name in ("scheduler", "dag_processor", "triggerer")}
    return {name: status or "not running" for name, status in states.items() if status != "healthy"}


def parallelism(airflow: Airflow) -> int | None:
    """Most tasks that each scheduler's executor runs at once; None where Airflow hides its configuration.

    Raises:
        ServiceError: Airflow does not answer, or refuses.
    """
    try:
        found = airflow.get("config", "section", "core", "option", "parallelism")
        return int(found["sections"][0]["options"][0]["value"])
    except ServiceError as error:
        if error.status not in _HIDDEN:
            raise
    except (LookupError, ValueError, TypeError):
        pass
    return None


def _source(airflow: Airflow, dag_id: str) -> str | None:
    try:
        text: str | None = airflow.get("dagSources", dag_id)["content"]
    except ServiceError as error:
        if error.status not in _HIDDEN:
            raise
        return None
    return None if text is None or text.startswith("REDACTED") else text
