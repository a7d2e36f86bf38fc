"""Airflow's configuration as environment variables."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from taskgraph_core.servers.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path


def settings(home: Path, *, parallelism: int, database_url: str, password: str) -> dict[str, str]:
    """What every one of Airflow's programs must be told alike.

    The intervals are shorter than Airflow's own, so that new files and ready tasks are seen within a second or two.

    Args:
        home: the folder of this Airflow; DAG files are in ``dags`` below it.
        parallelism: most tasks at the same time; as many worker processes are started.
        database_url: in SQLAlchemy's form; empty for SQLite in ``home``.
        password: of the user ``admin``; empty to let everybody in as administrator.
    """
    api, worker_logs, trigger_logs = free_ports(3)
    told = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(not password),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{api}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_logs),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    if database_url:
        told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = database_url
    return told
