"""What a live Prefect says of one deployment, of its work pool and of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskgraph_core.errors import ServiceError

if TYPE_CHECKING:
    from prefect_integration.rest.client import Prefect

_HIDDEN = (401, 403, 404)
"""How Prefect Cloud answers where its own configuration is asked for."""


@dataclass(frozen=True, slots=True)
class LiveDeployment:
    """One deployment as Prefect has it.

    Attributes:
        version: what it was deployed as.
        paused: whether its schedules make no runs.
        pool: the work pool of its runs; empty if it is served by a program of its own.
        ready: whether somebody asks for its runs, a worker or that program.
    """

    version: str
    paused: bool
    pool: str
    ready: bool


@dataclass(frozen=True, slots=True)
class LivePool:
    """One work pool.

    Attributes:
        kind: ``process``, ``docker`` and so on; those that end with ``:push`` or ``:managed`` need no worker.
        paused: whether its runs wait.
        workers: how many of its workers are healthy.
    """

    kind: str
    paused: bool
    workers: int

    @property
    def needs_worker(self) -> bool:
        """Whether runs wait for a worker."""
        return not self.kind.endswith((":push", ":managed"))


def live_deployment(prefect: Prefect, flow: str, name: str) -> LiveDeployment | None:
    """The deployment of that name; None where there is none.

    Raises:
        ServiceError: Prefect does not answer, or refuses.
    """
    found = _found(prefect, "deployments", "name", flow, name)
    if found is None:
        return None
    return LiveDeployment(
        found["version"] or "", found["paused"], found["work_pool_name"] or "", found["status"] == "READY"
    )


def live_pool(prefect: Prefect, name: str) -> LivePool | None:
    """The work pool of that name; None where there is none.

    Raises:
        ServiceError: Prefect does not answer, or refuses.
    """
    found = _found(prefect, "work_pools", name)
    if found is None:
        return None
    workers = sum(each["status"] == "ONLINE" for each in prefect.every("work_pools", name, "workers"))
    return LivePool(found["type"], found["is_paused"], workers)


def server_settings(prefect: Prefect) -> dict[str, Any]:
    """The part ``server`` of the settings it runs with; empty where it does not tell.

    Raises:
        ServiceError: Prefect does not answer, or refuses.
    """
    try:
        settings: dict[str, Any] = prefect.get("admin", "settings")["server"]
    except ServiceError as error:
        if error.status not in _HIDDEN:
            raise
        return {}
    except (KeyError, TypeError):
        return {}
    return settings


def _found(prefect: Prefect, *path: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = prefect.get(*path)
    except ServiceError as error:
        if error.status != 404:
            raise
        return None
    return found
