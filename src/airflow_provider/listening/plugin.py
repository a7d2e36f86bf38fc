"""What the provider adds to Airflow itself."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class TaskgraphPlugin(AirflowPlugin):
    """Found by the entry point ``airflow.plugins``."""

    name = "taskgraph"
