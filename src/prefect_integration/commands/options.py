"""The options by which every command here finds its Prefect and is let in."""

from __future__ import annotations

from typing import Annotated

import typer

from prefect_integration.rest import Login, Prefect
from taskgraph_core.errors import ServiceError

Url = Annotated[
    str, typer.Option(envvar="PREFECT_API_URL", help="Where Prefect's API is, such as http://localhost:4200/api.")
]
# What is secret comes from the environment: the words of a command are for everybody on its machine to read.
Key = Annotated[str, typer.Option(envvar="PREFECT_API_KEY", help="The API key; better in the environment than here.")]
AuthString = Annotated[
    str,
    typer.Option(
        envvar="PREFECT_API_AUTH_STRING",
        help="The server's user:password instead; better in the environment than here.",
    ),
]


def connect(url: str, key: str, auth_string: str) -> Prefect:
    """The Prefect meant.

    Raises:
        ServiceError: no URL was given, or none of a Prefect.
    """
    if not url:
        msg = "nobody said where Prefect is"
        raise ServiceError(msg, fix="give --url http://localhost:4200/api, or set PREFECT_API_URL")
    return Prefect(url, Login(key=key, auth_string=auth_string))
