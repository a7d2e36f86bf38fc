"""Generated files held against a live Prefect: what would not run, and what would run otherwise than planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prefect_integration.commands.written import LimitIn, WrittenFlow
    from prefect_integration.rest.limits import LiveLimit
    from prefect_integration.rest.state import LiveDeployment, LivePool

LONG_WAIT = 2.0
"""Seconds between two questions for a slot from which on the wait is worth a word."""

_SETTINGS = "start the server with the settings of docs/prefect-server.env"


@dataclass(frozen=True, slots=True)
class Live:
    """What a live Prefect says of itself.

    Attributes:
        limits: by name.
        leaked: slots that are taken by nobody, by the limit's name.
        deployments: of these flows, by id of the graph.
        pools: of these deployments, by name.
        settings: of the server, if it tells.
    """

    limits: Mapping[str, LiveLimit]
    leaked: Mapping[str, int] = field(default_factory=dict)
    deployments: Mapping[str, LiveDeployment] = field(default_factory=dict)
    pools: Mapping[str, LivePool] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def examine(flows: Sequence[WrittenFlow], limits: Sequence[LimitIn], live: Live) -> Iterator[Finding]:
    """Everything there is to say about these flows and their limits in that Prefect."""
    yield from sizes(limits, live.limits)
    yield from leaked(limits, live)
    for flow in flows:
        yield from deployed(flow, live.deployments.get(flow.graph_id))
    yield from pools(flows, live)
    if limits:
        yield from settings(live.settings)


def sizes(limits: Iterable[LimitIn], live: Mapping[str, LiveLimit]) -> Iterator[Finding]:
    """TG620 and TG621: limits without which runs fail at once, and limits that are not as they were generated."""
    for each in limits:
        there, wanted = live.get(each.name), each.limit
        apply = f"taskgraph prefect apply {quote(str(each.file))}"
        if why := wanted.unfit(there):
            message = f"the limit {each.name!r} {why}: runs that need it fail at once"
            yield Finding("TG620", "error", message, str(each.file), fix=apply)
            continue
        if there is None:
            continue
        if there.limit != wanted.limit:
            more = there.limit > wanted.limit
            message = f"the limit {each.name!r} is {there.limit} instead of {wanted.limit}: " + _allows(more=more)
            yield Finding("TG621", "error" if more else "warning", message, str(each.file), fix=apply)
        if not wanted.same_decay(there.slot_decay_per_second):
            more = there.slot_decay_per_second > wanted.slot_decay_per_second
            message = (
                f"the limit {each.name!r} has a slot decay of {there.slot_decay_per_second:g} a second instead of "
                f"{wanted.slot_decay_per_second:g}: {_allows(more=more)}"
            )
            yield Finding("TG621", "error" if more else "warning", message, str(each.file), fix=apply)


def _allows(*, more: bool) -> str:
    return f"{'more' if more else 'less'} may start than the plan allows"


def leaked(limits: Iterable[LimitIn], live: Live) -> Iterator[Finding]:
    """TG622: slots that nobody holds, as after a restart of a server that keeps its leases in memory."""
    for each in limits:
        slots = live.leaked.get(each.name, 0)
        if slots:
            stuck = live.limits[each.name].limit - slots < each.limit.most_taken
            message = f"{slots} of the {live.limits[each.name].limit} slots of {each.name!r} are taken by nobody"
            yield Finding(
                "TG622",
                "error" if stuck else "warning",
                message + (": tasks that need it wait for ever" if stuck else ""),
                str(each.file),
                fix=f"when nothing of it runs: prefect gcl update {quote(each.name)} --active-slots 0",
            )


def deployed(flow: WrittenFlow, there: LiveDeployment | None) -> Iterator[Finding]:
    """TG623 to TG625: whether Prefect has the deployment, this version of it, and lets it run."""
    place, name = str(flow.file), f"{flow.graph_id}/{flow.graph_id}"
    deploy = f"in {quote(str(flow.file.parent))}: prefect deploy --name {flow.graph_id}"
    if there is None:
        yield Finding("TG623", "error", f"Prefect has no deployment {name!r}", place, fix=deploy)
        return
    if there.version != flow.fingerprint:
        yield Finding(
            "TG624",
            "warning",
            f"the deployment {name!r} is made from another plan ({there.version or 'unknown'}, here "
            f"{flow.fingerprint})",
            place,
            fix=deploy,
        )
    if there.paused:
        yield Finding(
            "TG625",
            "warning",
            f"the deployment {name!r} is paused: its schedule makes no runs",
            place,
            fix=f"prefect deployment schedule resume {name}",
        )


def pools(flows: Iterable[WrittenFlow], live: Live) -> Iterator[Finding]:
    """TG626: deployments whose runs nobody carries out."""
    told = set()
    for flow in flows:
        there = live.deployments.get(flow.graph_id)
        if there is None or (there.pool and there.pool in told):
            continue
        told.add(there.pool)
        why, fix = _idle(flow, there, live.pools.get(there.pool))
        if why:
            yield Finding("TG626", "error", f"{why}: its runs wait", str(flow.file), fix=fix)


def _idle(flow: WrittenFlow, deployment: LiveDeployment, pool: LivePool | None) -> tuple[str, str]:
    """Why nobody carries it out, and what to do; empty if somebody does."""
    if not deployment.pool:
        serve = f"python {quote(str(flow.file))} serve"
        return ("", "") if deployment.ready else (f"nobody serves the deployment of {flow.graph_id!r}", serve)
    name = quote(deployment.pool)
    if pool is None:
        why = f"the work pool {deployment.pool!r} of {flow.graph_id!r} is missing"
        return why, f"prefect work-pool create {name} --type process"
    if pool.paused:
        return f"the work pool {deployment.pool!r} is paused", f"prefect work-pool resume {name}"
    if pool.needs_worker and not pool.workers:
        return f"the work pool {deployment.pool!r} has no healthy worker", f"prefect worker start --pool {name}"
    return "", ""


def settings(server: Mapping[str, Any]) -> Iterator[Finding]:
    """TG627 and TG628: how the server keeps leases, and how long it lets tasks wait."""
    if not server:
        return
    storage = str(_at(server, "concurrency", "lease_storage") or "")
    if storage.endswith(".memory"):
        yield Finding(
            "TG627",
            "warning",
            "the server keeps leases in memory: slots that are taken when it restarts stay taken for ever",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE",
            fix=_SETTINGS,
        )
    waits = {
        "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": _at(
            server, "tasks", "tag_concurrency_slot_wait_seconds"
        ),
        "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": _at(
            server, "concurrency", "maximum_concurrency_slot_wait_seconds"
        ),
    }
    for name, seconds in waits.items():
        if isinstance(seconds, int | float) and seconds > LONG_WAIT:
            yield Finding(
                "TG628",
                "info",
                f"whoever waits for a slot asks again only after up to {seconds:g} s, and it stays empty meanwhile",
                name,
                fix=_SETTINGS,
            )


def _at(tree: Any, *path: str) -> Any:  # noqa: ANN401 - JSON
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree
