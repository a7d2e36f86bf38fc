"""Airflow's ids, made from the plan's: short, safe everywhere, and the same every time.

Airflow itself takes more than its parts can bear: a trailing newline, letters outside ASCII, ids
too long for the name of a log folder, ids that differ only in case. None of that comes out here.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SENTINEL = "nothing_failed"
"""Id of the task that fails a run in which something failed; no task of a plan can get it, nor those below."""

ALL_ENDED = "all_ended"
"""Id of the task that waits for all the others, whatever became of them."""

ROLL_BACK = "roll_back"
"""Id of the task that says what is to be undone."""

ROLLBACK_GROUP = "rollback"
"""Id of the group of the tasks that undo others."""

_NUMBERED = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_NUMBERED_LIMIT = 100
_SLUG_LIMIT = 40
_DIGITS = (8, 16, 64)


def task_names(ids: Iterable[str]) -> dict[str, str]:
    """An Airflow task id for each id of a plan.

    ``5`` becomes ``t5`` and ``5.2`` becomes ``t5_2``; any other id becomes what is readable of it and
    a digest of the whole. At most 120 characters, of ``[a-z0-9_]``, so no two differ only in case.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for task_id in ids:
        name = next(name for name in _candidates(task_id) if name not in taken)
        taken.add(name)
        names[task_id] = name
    return names


def group_name(task_name: str) -> str:
    """The id of the group that a parent task's Airflow id stands for: ``g5`` for ``t5``."""
    return f"g{task_name[1:]}"


def undo_name(task_name: str) -> str:
    """The id of the task that undoes another: ``undo_t5`` for ``t5``."""
    return f"undo_{task_name}"


def pool_name(*resources: str) -> str:
    """The pool of one resource, or of several folded into one.

    It depends on the resources only, so that DAGs which share a resource share its pool.
    """
    if len(resources) == 1 and re.fullmatch(r"[a-z0-9_]{1,64}", resources[0]):
        return f"taskgraph_{resources[0]}"
    return f"taskgraph_{_slug(' '.join(resources))}_{_digest(chr(0).join(resources))[:16]}"


def _candidates(task_id: str) -> Iterable[str]:
    if len(task_id) <= _NUMBERED_LIMIT and _NUMBERED.fullmatch(task_id):
        yield f"t{task_id.replace('.', '_')}"
    digest = _digest(task_id)
    for digits in _DIGITS:
        yield f"t_{_slug(task_id)}_{digest[:digits]}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower())[:_SLUG_LIMIT].strip("_")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
