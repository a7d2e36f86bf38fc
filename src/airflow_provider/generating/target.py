"""``taskgraph generate airflow``: a graph becomes a DAG file and its pools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from airflow_provider.generating.dag_file import dag_file
from airflow_provider.generating.findings import findings
from airflow_provider.generating.groups import grouping
from airflow_provider.generating.pools import pools_used, seats
from airflow_provider.generating.table import group_rows, task_rows
from airflow_provider.generating.text import is_passable, storable
from taskgraph_core.errors import TargetError
from taskgraph_core.generate import Generated, Options, Target
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider.generating.pools import Pool
    from taskgraph_core.ir import TaskGraph


def _folder(path: str) -> str:
    if not is_passable(path):
        msg = "no system takes it as a path"
        raise ValueError(msg)
    return path


class AirflowOptions(Options):
    """What ``taskgraph generate airflow`` can be told."""

    project_dir: Annotated[
        str,
        AfterValidator(_folder),
        Field(
            description="The project's folder on Airflow's workers: commands run and relative paths start there. "
            "A relative one is seen from the folder of the DAG file, which it is without this option."
        ),
    ] = ""


def generate(graph: TaskGraph, options: AirflowOptions) -> Generated:
    """The DAG file of a graph and its pools; pure: the same graph and options give the same bytes.

    Raises:
        TargetError: the graph is not sound, or Airflow could not carry out an action.
    """
    _refuse_unsound(graph)
    project = options.project_dir
    taken = seats(graph)
    groups = grouping(graph)
    pools = pools_used(taken.values())
    files = {
        f"{graph.id}.py": dag_file(
            graph,
            group_rows(graph, groups),
            task_rows(graph, taken, project),
            project=project,
            has_pools=bool(pools),
        ),
        f"{graph.id}.pools.json": pools_file(pools),
    }
    return Generated(files, tuple(findings(graph, taken, groups, project)))


def pools_file(pools: Iterable[Pool]) -> str:
    """The pools in the form of ``airflow pools import``."""
    content = {
        pool.name: {
            "slots": pool.slots,
            "description": storable(f"Taskgraph: {', '.join(pool.resources)}"),
            "include_deferred": False,
        }
        for pool in pools
    }
    return json.dumps(content, indent=2) + "\n"


def _refuse_unsound(graph: TaskGraph) -> None:
    fix = "run 'taskgraph check' on the plan"
    if len(graph.by_id) != len(graph.tasks):
        msg = "two tasks have the same id"
        raise TargetError(msg, fix=fix)
    try:
        scheduler_for(graph)
    except ValueError as error:
        raise TargetError(str(error), fix=fix) from error


TARGET = Target(
    name="airflow",
    summary="an Airflow DAG and its pools",
    generate=generate,
    options=AirflowOptions,
)
