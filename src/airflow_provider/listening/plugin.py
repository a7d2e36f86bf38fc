"""What the provider adds to Airflow itself."""

from __future__ import annotations

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from airflow_provider.listening import statuses


class TaskgraphPlugin(AirflowPlugin):
    """Found by the entry point ``airflow.plugins``."""

    name = "taskgraph"
    listeners: ClassVar[list[object]] = [statuses]
