"""Statuses written into a plan file: read and replaced in one go, while nobody else writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from taskgraph_core.errors import InputError
from taskgraph_core.sync.lock import PATIENCE, plan_lock
from taskgraph_core.sync.text import Synced, with_statuses
from taskgraph_core.taskmaster.document import read_text
from taskgraph_core.taskmaster.fix import write_repairs

if TYPE_CHECKING:
    from taskgraph_core.sync.text import Changes
    from taskgraph_core.taskmaster.locate import Location

_ATTEMPTS = 5
"""How often to begin again when an editor, which knows no locks, saves the plan at the same moment."""


def sync_statuses(location: Location, tag: str | None, changes: Changes, *, patience: float = PATIENCE) -> Synced:
    """Write statuses into a plan, and nothing else; doing it again changes nothing.

    The file is replaced whole or not at all; its permissions, line ends and byte order mark stay. Where it
    is named through a link, the file that the link leads to is replaced.

    Args:
        location: the plan.
        tag: which list of its tasks; None if there is only one. What Taskmaster's files call the current tag is not
            asked: it may be another by now than when the run began.
        changes: new status by task id, or None, as for ``with_statuses``.
        patience: seconds to wait for other writers.

    Returns:
        What was changed, and why nothing could be done for other tasks: none is ever invented.

    Raises:
        InputError: the plan cannot be read, locked or written, or is none.
    """
    plan = location.plan
    if plan is None:
        msg = "statuses cannot be written back into it"
        raise InputError(msg, where=location.name, fix="name the plan's file")
    with plan_lock(plan, patience):
        for attempt in range(_ATTEMPTS):
            text = read_text(location)
            synced = with_statuses(text, tag, changes, _now(), name=location.name)
            try:
                if synced.text != text:
                    write_repairs(plan, text, synced.text)
            except InputError:
                if attempt == _ATTEMPTS - 1 or read_text(location) == text:
                    raise
            else:
                return synced
    raise AssertionError


def _now() -> str:
    """This moment as Taskmaster writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
