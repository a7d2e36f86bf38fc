"""The generated DAG file: a header, the plan as tables, and the code that makes a DAG of them.

Airflow reads a DAG file again in the process of every single task, so what counts is how fast it
is read for one task: the tables are constants, which Python loads from its cache, and the code
builds only what it is asked for. For the whole DAG it takes time in proportion to its size.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_provider.generating import template
from airflow_provider.generating.actions import folder
from airflow_provider.generating.dag_arguments import dag_arguments
from airflow_provider.generating.layout import LAYOUT, number
from airflow_provider.generating.policy import run_time, run_timeout
from airflow_provider.generating.provided import limits
from airflow_provider.generating.report import shown
from airflow_provider.generating.template import builder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from airflow_provider.generating.report import Report
    from airflow_provider.generating.table import Row, Tables
    from airflow_provider.generating.template.piece import Import, Piece
    from taskgraph_core.ir import TaskGraph

_PLAIN_NAMES = re.compile(r"[A-Za-z0-9_.:,/-]{1,200}")


def dag_file(
    graph: TaskGraph,
    tables: Tables,
    *,
    project: str,
    has_pools: bool,
    fold: Sequence[str] = (),
    with_provider: bool = False,
    report: Report | None = None,
) -> str:
    """The whole file; only ASCII, and formatted."""
    known = {**template.PIECES, **(template.PROVIDED if with_provider else {})}
    rows = [*tables.tasks.values(), *tables.rollback.values()]
    kinds = [kind for kind in known if any(kind in row for row in rows)]
    pieces = [*map(known.__getitem__, kinds), template.NOTHING, *_around(graph, tables)]
    if report is not None:
        pieces.append(template.REPORTING)
    timed = any("execution_timeout" in row for row in rows)
    functions = {name: code for piece in pieces for name, code in piece.functions.items()}
    constants = LAYOUT.assignment("DAG_ID", graph.id)
    if any(kind in template.IN_FOLDER and known[kind] is template.PIECES[kind] for kind in kinds):
        constants += LAYOUT.assignment("FOLDER", folder(project))
    if "planned" in functions:
        constants += LAYOUT.assignment("PROJECT", project)
        if limited := limits(graph):
            constants += LAYOUT.assignment("LIMITS", limited)
        else:
            functions["planned"] = template.PLANNED_UNLIMITED
    if (limit := run_time(graph)) is not None:
        constants += LAYOUT.assignment("RUN_TIMEOUT", number(limit))
    if report is not None:
        constants += report.constants
    asked = _flags(project, fold, with_provider=with_provider) + (report.flags if report is not None else "")
    top = [
        builder.CODING + _docstring(graph, asked, has_pools=has_pools),
        _imports(_wanted(graph, pieces, grouped=bool(tables.groups), timed=timed)),
        constants,
        *([LAYOUT.assignment("GROUPS", dict(tables.groups))] if tables.groups else []),
        _table("TASKS", tables.tasks),
        *([_table("ROLLBACK", tables.rollback)] if tables.rollback else []),
        builder.OPTIONS,
    ]
    below = [
        *functions.values(),
        template.REPORTING_TO_PLAN * (report is not None)
        + _make_task(graph, pieces, grouped=bool(tables.groups or tables.rollback), timed=timed),
        *([template.MAKE_UNDO] if tables.rollback else []),
        _dag(graph, tables),
    ]
    return "\n\n".join(["\n".join(top), *below])


def _table(name: str, rows: Mapping[str, Row]) -> str:
    """Rows with tuples for lists: Python takes those from its cache as they are, where it makes each list anew."""
    table = {
        key: {entry: tuple(value) if isinstance(value, list) else value for entry, value in row.items()}
        for key, row in rows.items()
    }
    return LAYOUT.assignment(name, table)


def _around(graph: TaskGraph, tables: Tables) -> list[Piece]:
    """What is done to the tasks that rows have become."""
    undoing = [template.UNDOING] if tables.rollback else []
    return [*undoing, template.KEEPING_TO_RUN_TIME] if run_time(graph) is not None else undoing


def _flags(project: str, fold: Sequence[str], *, with_provider: bool) -> str:
    """How the file was asked for, as far as that cannot end the header."""
    in_project = f" --project-dir {shown(project, 'PROJECT')}" if project else ""
    names = ",".join(fold)
    in_fold = f" --fold {names if _PLAIN_NAMES.fullmatch(names) else 'RESOURCES'}" if fold else ""
    provider = " --with-provider" if with_provider else ""
    return f"{in_project}{in_fold}{provider}"


def _docstring(graph: TaskGraph, asked: str, *, has_pools: bool) -> str:
    """The header, which is also the DAG's page in Airflow; of the plan it holds only its id, which is safe."""
    pools = f"The pools it needs: airflow pools import {graph.id}.pools.json\n\n" if has_pools else ""
    return (
        f'"""The plan {graph.id}, generated by Taskgraph. Do not edit.\n\n'
        "Change the plan instead, and generate this file again:\n"
        f"taskgraph generate airflow PLAN -o DAGS{asked}\n\n"
        f"{pools}"
        f"Fingerprint of the plan: {graph.fingerprint}\n"
        '"""\n'
    )


def _wanted(graph: TaskGraph, pieces: Iterable[Piece], *, grouped: bool, timed: bool) -> set[Import]:
    wanted = {*builder.IMPORTS, *(name for piece in pieces for name in piece.imports)}
    if timed or run_timeout(graph) is not None or graph.schedule is not None:
        wanted.add(("datetime", "timedelta"))
    if grouped:
        wanted.add(("airflow.sdk", "TaskGroup"))
    if graph.schedule is not None:
        wanted.add(("airflow.sdk", "CronTriggerTimetable"))
    return wanted


def _imports(wanted: Iterable[Import]) -> str:
    """Import statements as tools sort them: the standard library before Airflow, modules before names."""
    modules: dict[str, list[str]] = {}
    for module, name in sorted(wanted):
        modules.setdefault(module, []).append(name)
    standard: list[str] = []
    others: list[str] = []
    for module, names in sorted(modules.items(), key=lambda item: (item[1] != [""], item[0])):
        section = others if module.split(".")[0] in builder.NOT_STANDARD else standard
        section.append(f"import {module}\n" if names == [""] else _import_from(module, names))
    return "\n".join("".join(section) for section in (standard, others) if section)


def _import_from(module: str, names: Collection[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LAYOUT.width:
        return f"{line}\n"
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")\n"


def _make_task(graph: TaskGraph, pieces: Iterable[Piece], *, grouped: bool, timed: bool) -> str:
    decorator = template.KEEPING if run_time(graph) is not None else ""
    beginning = builder.MAKE_TASK_IN_GROUP if grouped else builder.MAKE_TASK
    return "".join([decorator, beginning, builder.TIMEOUT if timed else "", *(piece.branch for piece in pieces)])


def _grouping(tables: Tables) -> str:
    if not tables.groups:
        return builder.UNGROUPED
    return builder.NESTED if any("inside" in group for group in tables.groups.values()) else builder.GROUPED


def _dag(graph: TaskGraph, tables: Tables) -> str:
    code = [
        builder.BUILD,
        builder.BUILD_UNDO if tables.rollback else "",
        builder.BUILD_ALL,
        _grouping(tables),
        f"{builder.ROLLBACK}{builder.ROWS_AND_ROLLBACK}" if tables.rollback else builder.ROWS,
        builder.EDGES,
    ]
    return f"dag = DAG(\n{dag_arguments(graph)})\n{''.join(code)}"
