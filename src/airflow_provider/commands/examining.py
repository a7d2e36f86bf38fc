"""Generated files held against a live Airflow: what would not run, and what would run otherwise than planned.

Airflow itself is silent about most of this: a task whose pool is missing or too small waits for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider.commands.written import DEFAULT_POOL, fingerprint
from airflow_provider.rest.pools import UNLIMITED
from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airflow_provider.commands.written import PoolIn, WrittenDag
    from airflow_provider.rest.pools import LivePool
    from airflow_provider.rest.state import LiveDag

_CALLED = {"scheduler": "scheduler", "dag_processor": "dag processor", "triggerer": "triggerer"}


@dataclass(frozen=True, slots=True)
class Live:
    """What a live Airflow says of itself.

    Attributes:
        pools: by name.
        dags: those that it lists, by id.
        import_errors: what went wrong, by name of the file.
        unhealthy: how programs are that are not healthy.
        parallelism: most tasks at once, if it tells.
    """

    pools: Mapping[str, LivePool]
    dags: Mapping[str, LiveDag]
    import_errors: Mapping[str, str]
    unhealthy: Mapping[str, str]
    parallelism: int | None = None


def examine(dags: Sequence[WrittenDag], pools: Sequence[PoolIn], live: Live) -> Iterator[Finding]:
    """Everything there is to say about these DAGs and their pools in that Airflow."""
    yield from programs(live.unhealthy, deferring=any(dag.defers for dag in dags))
    for dag in dags:
        yield from deployed(dag, live)
    yield from needed(dags, pools, live.pools)
    yield from sizes(pools, live.pools)
    yield from shared_resources(pools)


def programs(unhealthy: Mapping[str, str], *, deferring: bool) -> Iterator[Finding]:
    """TG528: a program without which nothing runs; the triggerer only where a task waits in it."""
    for name, status in unhealthy.items():
        if name != "triggerer" or deferring:
            yield Finding(
                "TG528",
                "error",
                f"Airflow's {_CALLED[name]} is {status}",
                fix=f"start it: airflow {_CALLED[name].replace(' ', '-')}",
            )


def deployed(dag: WrittenDag, live: Live) -> Iterator[Finding]:
    """TG520 to TG523 and TG530: whether Airflow has the DAG, this version of it, and lets it run."""
    place = str(dag.file)
    there = live.dags.get(dag.dag_id)
    # Files of the same name in other folders have errors of their own.
    said = live.import_errors.get(dag.file.name) if there is None or there.broken else None
    if said is not None:
        yield Finding("TG521", "error", f"Airflow cannot import {dag.file.name}: {said}", place, fix="see its logs")
    if there is None:
        if said is None:
            yield Finding(
                "TG520",
                "error",
                f"Airflow does not list the DAG {dag.dag_id!r}",
                place,
                fix="copy the file into its DAGs folder, and give its dag processor a minute to read it",
            )
        return
    if how := _difference(dag, there):
        yield Finding(
            "TG522",
            "warning",
            f"the DAG {dag.dag_id!r} that Airflow runs is not this file's: it is made from {how}",
            place,
            fix="copy this file into its DAGs folder, or generate it again",
        )
    if there.paused:
        yield Finding(
            "TG523",
            "warning",
            f"the DAG {dag.dag_id!r} is paused: its runs wait",
            place,
            fix=f"airflow dags unpause {dag.dag_id}",
        )
    if live.parallelism and there.max_active_tasks > live.parallelism:
        yield Finding(
            "TG530",
            "info",
            f"the DAG {dag.dag_id!r} may run {there.max_active_tasks} tasks at once, but each of Airflow's schedulers "
            f"runs at most {live.parallelism}",
            place,
            fix="raise [core] parallelism, or lower max_parallel",
        )


def _difference(dag: WrittenDag, there: LiveDag) -> str:
    """What else Airflow's DAG is made from; empty if that is the same, or Airflow does not show it.

    A DAG that is built from its plan by Airflow has a file of other text, and the same page.
    """
    ours, theirs = fingerprint(dag.text), fingerprint(there.page)
    if theirs != ours:
        return f"another plan ({theirs or 'unknown'}, here {ours})"
    if there.source is not None and fingerprint(there.source) and there.source.strip() != dag.text.strip():
        return "the same plan with other options, by another version, or changed by hand"
    return ""


def needed(dags: Iterable[WrittenDag], pools: Iterable[PoolIn], live: Mapping[str, LivePool]) -> Iterator[Finding]:
    """TG524 and TG525: pools that are missing, or too small for one of the tasks, which then waits for ever."""
    files = {each.name: each.file for each in pools}
    for dag in dags:
        for name, slots in dag.needs.items():
            place = str(files.get(name, dag.file))
            apply = f"taskgraph airflow apply {files.get(name, dag.pools_file)}"
            there = live.get(name)
            if there is None:
                message = f"Airflow has no pool {name!r}, so {_tasks(slots)} of {dag.dag_id!r} would wait for ever"
                yield Finding("TG524", "error", message, place, tuple(slots), apply)
                continue
            stuck = tuple(task for task, wanted in slots.items() if not there.fits(wanted))
            if stuck:
                most = max(slots[task] for task in stuck)
                yield Finding(
                    "TG525",
                    "error",
                    f"the pool {name!r} has {there.slots} slots, so {_tasks(stuck)} of {dag.dag_id!r} would wait for "
                    f"ever: up to {most} are needed",
                    place,
                    stuck,
                    apply if name != DEFAULT_POOL else f"airflow pools set {name} 128 'Default pool'",
                )


def sizes(pools: Iterable[PoolIn], live: Mapping[str, LivePool]) -> Iterator[Finding]:
    """TG526 and TG527: pools that are there, and not as they were generated."""
    for each in {each.name: each for each in pools}.values():
        there, wanted = live.get(each.name), each.pool
        if there is None:
            continue
        apply = f"taskgraph airflow apply {each.file}"
        if there.slots == UNLIMITED or there.slots > wanted.slots:
            has = "no limit" if there.slots == UNLIMITED else f"{there.slots} slots instead of {wanted.slots}"
            message = f"the pool {each.name!r} has {has}: more would run at once than the plan allows"
            yield Finding("TG526", "error", message, str(each.file), fix=apply)
        elif there.slots < wanted.slots:
            message = (
                f"the pool {each.name!r} has {there.slots} slots instead of {wanted.slots}: less may run at once "
                "than the plan allows"
            )
            yield Finding("TG526", "warning", message, str(each.file), fix=apply)
        if there.include_deferred != wanted.include_deferred:
            does = "counts" if there.include_deferred else "does not count"
            message = f"the pool {each.name!r} {does} tasks that are deferred, other than it was generated: " + (
                "less may run at once than the plan allows"
                if there.include_deferred
                else "what waits gives back what it claims"
            )
            yield Finding("TG527", "warning", message, str(each.file), fix=apply)


def shared_resources(pools: Iterable[PoolIn]) -> list[Finding]:
    """TG529: a resource that stands for itself in one DAG and is folded with others in another."""
    users: dict[str, dict[str, PoolIn]] = {}
    for each in pools:
        for resource in each.pool.resources:
            users.setdefault(resource, {}).setdefault(each.name, each)
    clashes: dict[tuple[str, ...], list[str]] = {}
    for resource, by_pool in sorted(users.items()):
        if len(by_pool) > 1:
            clashes.setdefault(tuple(sorted(by_pool)), []).append(resource)
    found = []
    for names, resources in clashes.items():
        files = ", ".join(dict.fromkeys(str(users[resources[0]][name].file) for name in names))
        found.append(
            Finding(
                "TG529",
                "warning",
                f"{', '.join(map(repr, resources))} in {len(names)} pools, {', '.join(names)}: together they allow "
                "more at once than one of them",
                files,
                fix="generate all of these DAGs with the same --fold",
            )
        )
    return found


def _tasks(ids: Iterable[str]) -> str:
    named = list(ids)
    shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return f"the task{'' if len(named) == 1 else 's'} {shown}"
