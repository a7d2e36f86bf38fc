"""Prefect's configuration as environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Nothing is sent to anybody."""

_SERVER = (
    (
        (
            "What happened is written in batches, not one by one: a run of 1,000 tasks is on its page 1 to 3 seconds\n"
            "after its end instead of 30 to 75, and on SQLite taking a slot seldom meets a locked database."
        ),
        {
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "0.5",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
            "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        },
    ),
    (
        "Who waits for a slot asks again after about a quarter of a second instead of up to 10 (tags) or 30.",
        {
            "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": "0.25",
            "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "0.25",
        },
    ),
    (
        (
            "Leases outlive a restart of the server: slots that were taken then are free a minute later, not never.\n"
            "They are kept in the folder PREFECT_HOME, which several servers must share."
        ),
        {"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem"},
    ),
)
"""What each group of settings buys, and the settings."""

SERVER = {name: value for _, group in _SERVER for name, value in group.items()}
"""What a server should be told wherever limits are shared between runs."""

_FILE_HEAD = """\
# Settings for a Prefect server whose flows share limits. To start one with them:
#     set -a; . ./prefect-server.env; set +a; prefect server start
# What matters more than any of them is PostgreSQL, once several runs share limits:
#     PREFECT_SERVER_DATABASE_CONNECTION_URL=postgresql+asyncpg://USER:PASSWORD@HOST:5432/DATABASE
"""


def server_file() -> str:
    """The settings of a server as a file of environment variables, with what each of them buys."""
    groups = (
        "\n"
        + "".join(f"# {line}\n" for line in why.splitlines())
        + "".join(f"{name}={value}\n" for name, value in group.items())
        for why, group in _SERVER
    )
    return _FILE_HEAD + "".join(groups)


def settings(home: Path, *, port: int, database_url: str, with_pages: bool) -> dict[str, str]:
    """What the server, the worker and every flow must be told alike.

    Args:
        home: the folder of this Prefect.
        port: where the server listens.
        database_url: in SQLAlchemy's asynchronous form; empty for SQLite in ``home``.
        with_pages: whether the server shows its pages.
    """
    told = {
        **QUIET,
        **SERVER,
        "PREFECT_HOME": str(home),
        "TMPDIR": str(home / "tmp"),  # a worker leaves an empty folder there for every run
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_ENABLED": str(with_pages).lower(),
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "pages"),  # written at the start, otherwise beside its code
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_CLI_PROMPT": "false",
    }
    if database_url:
        told["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database_url
    return told
