"""Statuses put into the text of a plan, without touching any other character.

A task's ``status`` is replaced, and its ``updatedAt`` if it has one; nothing else is added, unless
a task has no status at all. A subtask's new status may change its parent's, as in Taskmaster: all
done makes it done, any done or in progress makes it in progress, all pending makes it pending.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskgraph_core.errors import InputError
from taskgraph_core.taskmaster.document import bounded_nesting, decode, parse
from taskgraph_core.taskmaster.plan import read_plan
from taskgraph_core.taskmaster.spans import steps_of, value_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from taskgraph_core.ir import Status
    from taskgraph_core.taskmaster.plan import Entry, Plan

    Edit = tuple[int, int, str]
    Changes = Mapping[str, Status | None]

_KEY_BEFORE = re.compile(r'([ \t\r\n]*)"id"([ \t\r\n]*:[ \t\r\n]*)\Z')
_KEY_AFTER = re.compile(r'[ \t\r\n]*,([ \t\r\n]*)"')
_LONGEST_KEY = 2_000
"""How far before its value the key ``id`` is looked for, in characters."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of the statuses of a plan.

    Attributes:
        text: the plan's text as it should be.
        changed: new status by task, parents of subtasks among them.
        skipped: why nothing could be done for a task, by its id.
    """

    text: str
    changed: Mapping[str, Status] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)


@bounded_nesting()
def with_statuses(text: str, tag: str | None, changes: Changes, now: str, *, name: str = "the plan") -> Synced:
    """Put statuses into the text of a plan.

    Args:
        text: the plan, without a byte order mark.
        tag: which list of tasks; None if the plan has only one, because ids mean something else in each.
        changes: new status by task id. ``in-progress`` says only that the task has begun: it takes the place of
            ``pending``, never of what somebody wrote for a reason. None says that it is no longer under way
            though it has no outcome: where the plan has it in progress it becomes pending again.
        now: what to write as ``updatedAt`` of the tasks that change.
        name: how messages name the plan.

    Raises:
        InputError: it is no plan.
    """
    document = parse(text, name)
    if tag is None and len(document.tags) > 1:
        return Synced(text, skipped=dict.fromkeys(changes, "the plan has several tags, and it was not said which"))
    if tag is not None and tag not in document.tags:
        return Synced(text, skipped=dict.fromkeys(changes, f"the plan has no tag {tag!r} any more"))
    plan = read_plan(document.tags[tag] if tag is not None else next(iter(document.tags.values())), name)
    entries, skipped = _named(plan, changes)
    statuses: dict[Entry, Status] = {
        entry: status for entry in entries if (status := _new_status(entry, changes[entry.id])) is not None
    }
    touched = dict.fromkeys(statuses)
    for parent in dict.fromkeys(entry.parent for entry in statuses if entry.parent is not None):
        if parent.id not in changes:
            touched[parent] = None
            status = _from_subtasks(parent, statuses)
            if status is not None and status != parent.raw.get("status"):
                statuses[parent] = status
    values: dict[str, str] = {f"{entry.path}.status": status for entry, status in statuses.items()}
    values |= {f"{entry.path}.updatedAt": now for entry in touched if "updatedAt" in entry.raw}
    edited = _edited(text, values)
    _make_sure(text, edited, values, name)
    return Synced(edited, {entry.id: status for entry, status in statuses.items()}, skipped)


def _named(plan: Plan, changes: Iterable[str]) -> tuple[list[Entry], dict[str, str]]:
    """The entries that ids name, in the plan's order, and why others name none."""
    doubled = {odd.entry.id for kind in ("duplicate task", "duplicate subtask") for odd in plan.odd.get(kind, ())}
    nameless = {odd.entry.id for odd in plan.odd.get("no id", ())}
    wanted: set[str] = set()
    skipped: dict[str, str] = {}
    for task_id in changes:
        if task_id not in plan.by_id:
            skipped[task_id] = "the plan has no such task any more"
        elif task_id in doubled or task_id.rpartition(".")[0] in doubled:
            skipped[task_id] = "several tasks of the plan have this id"
        elif task_id in nameless:
            skipped[task_id] = "the task has no id in the plan, only a position"
        else:
            wanted.add(task_id)
    return [entry for entry in plan.entries if entry.id in wanted], skipped


def _new_status(entry: Entry, wanted: Status | None) -> Status | None:
    """What to write; None where it stands there already, or nothing is to be written."""
    if wanted is None:
        return "pending" if entry.status == "in-progress" else None
    if wanted == "in-progress" and entry.status != "pending":
        return None
    return None if entry.raw.get("status") == wanted else wanted


def _from_subtasks(parent: Entry, statuses: Mapping[Entry, Status]) -> Status | None:
    """A parent's status by its subtasks'; None where they do not say."""
    found = {statuses.get(subtask, subtask.status) for subtask in parent.subtasks}
    if found in ({"done"}, {"pending"}):
        return found.pop()
    return "in-progress" if found & {"done", "in-progress"} else None


def _edited(text: str, values: Mapping[str, str]) -> str:
    """The text with a string at each path."""
    homes = {path: path.rpartition(".")[0] + ".id" for path in values}
    spans = value_spans(text, {*values, *homes.values()})
    pieces: list[str] = []
    position = 0
    for start, end, replacement in sorted(_edits(text, values, homes, spans)):
        pieces += (text[position:start], replacement)
        position = end
    return "".join((*pieces, text[position:]))


def _edits(
    text: str, values: Mapping[str, str], homes: Mapping[str, str], spans: Mapping[str, tuple[int, int]]
) -> Iterator[Edit]:
    for path, value in values.items():
        if path in spans:
            yield *spans[path], json.dumps(value)
        elif homes[path] in spans:
            yield _member_after(text, spans[homes[path]], path.rpartition(".")[2], value)


def _member_after(text: str, span: tuple[int, int], key: str, value: str) -> Edit:
    """A new member of an object, behind the member ``id`` and spaced as its neighbours are."""
    start, end = span
    before = _KEY_BEFORE.search(text[max(start - _LONGEST_KEY, 0) : start])
    after = _KEY_AFTER.match(text, end)
    space = after[1] if after else before[1] if before else ""
    colon = before[2] if before else ":"
    return end, end, f",{space}{json.dumps(key)}{colon}{json.dumps(value)}"


def _make_sure(old: str, new: str, values: Mapping[str, str], name: str) -> None:
    """The new text is the old one with these values, and nothing else.

    Raises:
        InputError: it is not, such as where a key of the plan cannot be found again by what reading made of it.
    """
    expected = decode(old, name)
    try:
        for path, value in values.items():
            *way, key = steps_of(path)
            place: Any = expected
            for step in way:
                place = place[step]
            place[key] = value
    except (LookupError, TypeError) as error:
        raise _unfit(name) from error
    if decode(new, name) != expected:
        raise _unfit(name)


def _unfit(name: str) -> InputError:
    msg = "statuses cannot be written into this plan without changing more of it"
    return InputError(msg, where=name, fix="run 'taskgraph check' on it and repair what it finds")
