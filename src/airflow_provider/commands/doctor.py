"""``taskgraph airflow doctor``: whether generated DAGs would run as planned in a live Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_provider.commands.examining import Live, examine
from airflow_provider.commands.options import Password, Token, Url, User, connect
from airflow_provider.commands.written import WrittenDag, dag_files, read_pools
from airflow_provider.rest.pools import live_pools
from airflow_provider.rest.state import import_errors, live_dag, parallelism, unhealthy
from taskgraph_core.cli.findings import print_json, print_text
from taskgraph_core.cli.options import Format  # noqa: TC001 - typer reads annotations when the program runs
from taskgraph_core.errors import InputError
from taskgraph_core.findings import by_weight, errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider.rest import Airflow

Places = Annotated[list[Path], typer.Argument(metavar="PLACES", help="Folders of generated DAGs, or DAG files.")]


def doctor(
    places: Places,
    url: Url = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    output: Format = "text",
) -> None:
    """Compare generated DAGs and their pools with a live Airflow. Exit code 1 if something would not run as planned."""
    dags = dag_files(places)
    if not dags:
        msg = "there is no generated DAG here"
        raise InputError(msg, where=", ".join(map(str, places)), fix="name the folder given to 'taskgraph generate'")
    pools = [pool for dag in dags if dag.pools_file.exists() for pool in read_pools(dag.pools_file)]
    airflow = connect(url, user, password, token)
    found = by_weight(examine(dags, pools, look(airflow, dags)))
    if output == "json":
        print_json(found)
    else:
        print_text(found)
        typer.echo(_summary(dags, len({pool.name for pool in pools}), len(found)))
    raise typer.Exit(1 if errors(found) else 0)


def look(airflow: Airflow, dags: Iterable[WrittenDag]) -> Live:
    """What a live Airflow says of these DAGs and of itself.

    Raises:
        ServiceError: it does not answer, or refuses.
    """
    listed = {dag.dag_id: found for dag in dags if (found := live_dag(airflow, dag.dag_id)) is not None}
    return Live(live_pools(airflow), listed, import_errors(airflow), unhealthy(airflow), parallelism(airflow))


def _summary(dags: list[WrittenDag], pools: int, findings: int) -> str:
    looked = f"{len(dags)} DAG{'' if len(dags) == 1 else 's'} and {pools} pool{'' if pools == 1 else 's'} looked at"
    return f"{looked}, {findings} finding{'' if findings == 1 else 's'}" if findings else f"{looked}: all is well"
