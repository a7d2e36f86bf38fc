"""``taskgraph_dag``: what a file in the DAGs folder calls, in every process that reads it.

That is the process of each single task as well, so that all this costs as long as nothing has changed is to read the
plan's bytes and to find their digest among what was compiled before. What turns a plan into code is not even imported.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from airflow_provider.dynamic import cache
from airflow_provider.dynamic.wanted import Wanted, key_of
from taskgraph_core.errors import TaskgraphError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType

    from airflow.sdk import DAG

_log = logging.getLogger(__name__)


def taskgraph_dag(
    spec: str | os.PathLike[str],
    *,
    tag: str | None = None,
    profile: str | os.PathLike[str] | None = None,
    select: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    again: bool = False,
    **options: str | bool,
) -> DAG:
    """The DAG of a plan as it is now: the one that ``taskgraph generate airflow`` writes a file for.

    Assign it to a variable of the file in the DAGs folder. Relative paths are seen from that file's folder.

    Args:
        spec: a tasks.json, a project folder or a compiled graph.json.
        tag: which tag of the plan; otherwise as Taskmaster itself chooses.
        profile: the profile; otherwise taskgraph.toml beside the plan or in .taskmaster/.
        select: only these tasks, as for ``--select``.
        exclude: not these tasks.
        again: finished tasks too, as with ``--all``; without it a task leaves the DAG when the plan says it is done.
        options: the target's own, as ``project_dir="/srv/shop"`` or ``with_provider=True``; see ``AirflowOptions``.

    Raises:
        UnusablePlanError: no DAG can be made of it; the message says what is wrong, where, and what to do.
    """
    caller = sys._getframe(1).f_globals  # noqa: SLF001 - the file in the DAGs folder is whoever calls
    file = os.path.abspath(caller.get("__file__") or "dag.py")  # noqa: PTH100 - as Airflow writes it
    folder = os.path.dirname(file)  # noqa: PTH120
    wanted = Wanted(
        spec=_seen_from(folder, spec),
        tag=tag,
        profile=None if profile is None else _seen_from(folder, profile),
        select=_patterns(select),
        exclude=_patterns(exclude),
        again=again,
        options=options,
    )
    try:
        code, warnings = _code(wanted)
    except TaskgraphError as error:
        from airflow_provider.dynamic.errors import UnusablePlanError  # noqa: PLC0415 - costs time, only where it fails

        raise UnusablePlanError(error) from None
    return _executed(code, warnings, {"__name__": caller.get("__name__", "__main__"), "__file__": file})


def _seen_from(folder: str, path: str | os.PathLike[str]) -> str:
    return os.path.join(folder, os.fspath(path))  # noqa: PTH118 - a path object would cost as much as the rest


def _patterns(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _code(wanted: Wanted) -> cache.Entry:
    """What the plan was compiled to before, or else is now."""
    key = key_of(wanted)
    known = cache.read(key)
    if known is not None:
        return known
    from airflow_provider.dynamic.building import build  # noqa: PLC0415 - costs time, and only where the plan is new

    made = build(wanted)
    if key_of(wanted) != key:  # the plan changed meanwhile, and nobody knows which one was compiled
        return made
    if not cache.write(key, made):
        _log.warning("The plan is compiled at each parse: no folder to keep the code in, tried %s", cache.folders())
    return made


def _executed(code: CodeType, warnings: Sequence[str], namespace: dict[str, Any]) -> DAG:
    """The DAG of the code, which takes itself for the file in the DAGs folder."""
    from airflow.sdk import get_parsing_context  # noqa: PLC0415 - importing this module must not need Airflow

    if get_parsing_context().task_id is None:
        for warning in warnings:
            _log.warning(warning)
    exec(code, namespace)  # noqa: S102 - written by the generator, kept where nobody else can write
    dag: DAG = namespace["dag"]
    dag.fileloc = namespace["__file__"]
    return dag
