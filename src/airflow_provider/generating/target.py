"""``taskgraph generate airflow``: a graph becomes a DAG file and its pools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from airflow_provider.generating.dag_file import dag_file
from airflow_provider.generating.findings import findings
from airflow_provider.generating.groups import grouping
from airflow_provider.generating.pools import pools_used, seats
from airflow_provider.generating.provided import provided
from airflow_provider.generating.report import Report
from airflow_provider.generating.rollback import undo_rows
from airflow_provider.generating.table import Tables, group_rows, task_rows
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
    fold: Annotated[
        str,
        Field(
            description="Resources, separated by commas, that share one pool even where no task claims several of "
            "them: what DAGs that are made with the same names keep together."
        ),
    ] = ""
    with_provider: Annotated[
        bool,
        Field(
            description="Have commands and functions carried out by the provider's operator, as by 'taskgraph run', "
            "with rates and circuit breakers. Airflow's workers then need this package."
        ),
    ] = False

    sync: Annotated[
        str,
        AfterValidator(_folder),
        Field(
            description="A plan on Airflow's workers, a file or a project's folder, that is told what becomes of its "
            "tasks while they run. A relative one is seen from the folder of the DAG file. Airflow's workers then "
            "need this package."
        ),
    ] = ""
    sync_tag: Annotated[
        str, AfterValidator(_folder), Field(description="With --sync: which tag of that plan, if it has several.")
    ] = ""
    sync_failed: Annotated[
        Literal["pending", "blocked"], Field(description="With --sync: what a task that failed becomes.")
    ] = "pending"

    @property
    def report(self) -> Report | None:
        """Where statuses go, if anywhere."""
        return Report(self.sync, self.sync_tag, self.sync_failed) if self.sync else None

    @property
    def folded(self) -> list[str]:
        """The resources of ``fold``, each once, by name."""
        return sorted({name.strip() for name in self.fold.split(",")} - {""})


def generate(graph: TaskGraph, options: AirflowOptions) -> Generated:
    """The DAG file of a graph and its pools; pure: the same graph and options give the same bytes.

    Raises:
        TargetError: the graph is not sound, or Airflow could not carry out an action.
    """
    _refuse_unsound(graph)
    project = options.project_dir
    fold = options.folded
    taken = seats(graph, fold)
    groups = grouping(graph)
    pools = pools_used(taken.values())
    tables = Tables(group_rows(graph, groups), task_rows(graph, taken, project), undo_rows(graph, taken, project))
    with_provider = options.with_provider
    if with_provider:
        tables = provided(graph, tables)
    files = {
        f"{graph.id}.py": dag_file(
            graph,
            tables,
            project=project,
            has_pools=bool(pools),
            fold=fold,
            with_provider=with_provider,
            report=options.report,
        ),
        f"{graph.id}.pools.json": pools_file(pools),
    }
    return Generated(files, tuple(findings(graph, taken, groups, project, fold=fold, with_provider=with_provider)))


def pools_file(pools: Iterable[Pool]) -> str:
    """The pools in the form of ``airflow pools import``."""
    content = {
        pool.name: {
            "slots": pool.slots,
            "description": storable(f"Taskgraph: {', '.join(pool.resources)}"),
            "include_deferred": True,  # a wait keeps what it claims
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
