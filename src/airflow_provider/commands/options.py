"""The options by which every command here finds its Airflow and is let in."""

from __future__ import annotations

from typing import Annotated

import typer

from airflow_provider.rest import Airflow, Login
from taskgraph_core.errors import ServiceError

Url = Annotated[
    str, typer.Option(envvar="AIRFLOW_URL", help="Where Airflow's API server is, such as http://localhost:8080.")
]
User = Annotated[str, typer.Option(envvar="AIRFLOW_USER", help="Who asks.")]
# What is secret comes from the environment: the words of a command are for everybody on its machine to read.
Password = Annotated[
    str, typer.Option(envvar="AIRFLOW_PASSWORD", help="The user's password; better in the environment than here.")
]
Token = Annotated[
    str, typer.Option(envvar="AIRFLOW_TOKEN", help="A token instead of both; better in the environment than here.")
]


def connect(url: str, user: str, password: str, token: str) -> Airflow:
    """The Airflow meant.

    Raises:
        ServiceError: no URL was given, or none of an Airflow.
    """
    if not url:
        msg = "nobody said where Airflow is"
        raise ServiceError(msg, fix="give --url http://localhost:8080, or set AIRFLOW_URL")
    return Airflow(url, Login(token=token, user="" if token else user, password=password))
