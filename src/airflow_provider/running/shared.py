"""Where the processes of a machine keep what limits their resources, as Airflow is configured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.configuration import conf

from airflow_provider.running.limits import Limits
from airflow_provider.running.work import resources_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def shared_limits(limits: Mapping[str, Mapping[str, Any]]) -> Limits | None:
    """The limits of a task; None if nothing limits it."""
    return Limits(shared_folder(), resources_of(limits)) if limits else None


def shared_folder() -> Path:
    """The folder that all processes of this machine share: ``[taskgraph] shared_folder``."""
    return Path(conf.get("taskgraph", "shared_folder", fallback="") or _below_home()).expanduser()


def _below_home() -> str:
    from airflow.configuration import AIRFLOW_HOME  # noqa: PLC0415 - only without a folder of its own

    return str(Path(AIRFLOW_HOME) / "taskgraph")
