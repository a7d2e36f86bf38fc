"""``taskgraph prefect doctor``: whether generated flows would run as planned in a live Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prefect_integration.commands.examining import Live, examine
from prefect_integration.commands.options import AuthString, Key, Url, connect
from prefect_integration.commands.written import LimitIn, WrittenFlow, flow_files, merged, read_limits
from prefect_integration.rest.limits import leaked_slots, live_limits
from prefect_integration.rest.state import live_deployment, live_pool, server_settings
from taskgraph_core.cli.findings import print_json, print_text
from taskgraph_core.cli.options import Format  # noqa: TC001 - typer reads annotations when the program runs
from taskgraph_core.errors import InputError
from taskgraph_core.findings import by_weight, errors
from taskgraph_core.show.describe import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prefect_integration.rest import Prefect

Places = Annotated[list[Path], typer.Argument(metavar="PLACES", help="Folders of generated flows, or flow files.")]


def doctor(
    places: Places,
    url: Url = "",
    key: Key = "",
    auth_string: AuthString = "",
    output: Format = "text",
) -> None:
    """Compare generated flows and their limits with a live Prefect. Exit code 1 if something would not run."""
    flows = flow_files(places)
    if not flows:
        msg = "there is no generated flow here"
        raise InputError(msg, where=", ".join(map(str, places)), fix="name the folder given to 'taskgraph generate'")
    limits = merged(limit for flow in flows for limit in read_limits(flow.limits_file))
    found = by_weight(examine(flows, limits, look(connect(url, key, auth_string), flows, limits)))
    if output == "json":
        print_json(found)
    else:
        print_text(found)
        typer.echo(_summary(len(flows), len(limits), len(found)))
    raise typer.Exit(1 if errors(found) else 0)


def look(prefect: Prefect, flows: Iterable[WrittenFlow], limits: Sequence[LimitIn]) -> Live:
    """What a live Prefect says of these flows and limits, and of itself.

    Raises:
        ServiceError: it does not answer, or refuses.
    """
    live = live_limits(prefect)
    ids = {flow.graph_id for flow in flows}
    deployments = {each: found for each in sorted(ids) if (found := live_deployment(prefect, each, each)) is not None}
    names = {deployment.pool for deployment in deployments.values() if deployment.pool}
    taken = [each.name for each in limits if each.name in live and live[each.name].active_slots]
    return Live(
        live,
        {name: leaked_slots(prefect, name) for name in taken},
        deployments,
        {name: pool for name in sorted(names) if (pool := live_pool(prefect, name)) is not None},
        server_settings(prefect),
    )


def _summary(flows: int, limits: int, findings: int) -> str:
    looked = f"{counted(flows, 'flow')} and {counted(limits, 'limit')} looked at"
    return f"{looked}, {counted(findings, 'finding')}" if findings else f"{looked}: all is well"
