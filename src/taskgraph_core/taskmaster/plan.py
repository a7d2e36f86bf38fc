"""A plan as it was written: entries in order, what their references mean, and what is odd about them.

Reading never stops at a mistake. Whatever cannot be taken as written is noted as an ``Odd``
under its kind; the rules make findings of those. A clean plan has none, so that checking it
costs next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from taskgraph_core.taskmaster.document import TagList, WrittenNumber
from taskgraph_core.taskmaster.vocabulary import PRIORITIES, STATUSES, read_priority, read_status

if TYPE_CHECKING:
    from taskgraph_core.ir import Priority, Status

BareNumber = Literal["sibling", "task", "earlier-sibling"]
"""What a bare number on a subtask means first: a sibling, a task, or a sibling only if it stands earlier."""


@dataclass(slots=True, eq=False)
class Entry:
    """One task or subtask as written.

    ``id`` is unique in a sound plan ("5", "5.2"); ``depends_on`` holds the ids its references
    resolve to, each once, without itself.
    """

    id: str
    raw: dict[str, Any]
    parent: Entry | None
    position: int
    home: str
    status: Status = "pending"
    priority: Priority = "medium"
    depends_on: tuple[str, ...] = ()
    subtasks: list[Entry] = field(default_factory=list)

    @property
    def path(self) -> str:
        """JSON path of the entry."""
        return f"{self.home}[{self.position}]"

    @property
    def title(self) -> str:
        """Its title, or the id where there is none."""
        title = self.raw.get("title")
        return (title.strip() if isinstance(title, str) else "") or self.id

    @property
    def labels(self) -> tuple[str, ...]:
        """Its own ``tags``, a field some plans have."""
        tags = self.raw.get("tags")
        return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()

    @property
    def group(self) -> str | None:
        """Id of the parent task."""
        return self.parent.id if self.parent else None


@dataclass(frozen=True, slots=True)
class Odd:
    """Something about an entry that could not be taken as written."""

    entry: Entry
    path: str
    written: object = None
    meant: str = ""


@dataclass(slots=True)
class Plan:
    """The entries of one tag, parents before their subtasks, and what is odd by kind."""

    name: str
    tag: str
    entries: list[Entry]
    by_id: dict[str, Entry]
    odd: dict[str, list[Odd]] = field(default_factory=dict)


def read_plan(tag_list: TagList, name: str, bare_number: BareNumber = "sibling") -> Plan:
    """Understand one list of raw tasks; never raises, notes what is odd instead."""
    reader = _Reader(bare_number)
    reader.read_list(tag_list.tasks, tag_list.path, None)
    for entry in reader.entries:
        if entry.raw.get("dependencies"):
            reader.resolve(entry)
    return Plan(name, tag_list.name, reader.entries, reader.by_id, reader.odd)


class _Reader:
    """Two passes over one list: ids first, because references point forwards as well."""

    def __init__(self, bare_number: BareNumber) -> None:
        self.bare_number = bare_number
        self.entries: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        self.odd: dict[str, list[Odd]] = {}

    def note(self, kind: str, entry: Entry, path: str, written: object = None, meant: str = "") -> None:
        self.odd.setdefault(kind, []).append(Odd(entry, path, written, meant))

    def read_list(self, items: list[Any], home: str, parent: Entry | None) -> None:
        for position, raw in enumerate(items):
            if isinstance(raw, dict):
                self._read_entry(raw, home, position, parent)
            else:
                stand_in = Entry(f"{home}[{position}]", {}, parent, position, home)
                self.note("not an object", stand_in, stand_in.path, raw)

    def _read_entry(self, raw: dict[str, Any], home: str, position: int, parent: Entry | None) -> None:
        written = raw.get("id")
        own = str(written) if written.__class__ is int else _id_text(written)
        known = own != ""
        task_id = own = own or f"#{position + 1}"
        if parent is not None:
            prefix = f"{parent.id}."
            task_id = own if own.startswith(prefix) and own != prefix else prefix + own
        entry = Entry(task_id, raw, parent, position, home)
        if not known:
            self.note("no id", entry, f"{entry.path}.id", written)
        if task_id in self.by_id:
            self.note("duplicate subtask" if parent else "duplicate task", entry, entry.path)
        else:
            self.by_id[task_id] = entry
        self.entries.append(entry)
        if parent is not None:
            parent.subtasks.append(entry)
        self._read_words(entry, parent)
        subtasks = raw.get("subtasks")
        if subtasks:
            self._read_subtasks(entry, subtasks)

    def _read_subtasks(self, entry: Entry, subtasks: object) -> None:
        if not isinstance(subtasks, list):
            self.note("subtasks not a list", entry, f"{entry.path}.subtasks", subtasks)
        elif entry.parent is not None:
            self.note("nested subtasks", entry, f"{entry.path}.subtasks", len(subtasks))
        else:
            self.read_list(subtasks, f"{entry.path}.subtasks", entry)

    def _read_words(self, entry: Entry, parent: Entry | None) -> None:
        raw = entry.raw
        status = raw.get("status")
        if status.__class__ is str and status in STATUSES:
            entry.status = status  # type: ignore[assignment]  # just checked
        else:
            entry.status, known = read_status(status)
            self.note(
                "status alias" if known else "unknown status", entry, f"{entry.path}.status", status, entry.status
            )
        priority = raw.get("priority")
        if priority.__class__ is str and priority in PRIORITIES:
            entry.priority = priority  # type: ignore[assignment]  # just checked
        elif priority is None:
            entry.priority = parent.priority if parent else "medium"
        else:
            entry.priority, known = read_priority(priority)
            kind = "priority alias" if known else "unknown priority"
            self.note(kind, entry, f"{entry.path}.priority", priority, entry.priority)

    # -- references --------------------------------------------------------------------

    def resolve(self, entry: Entry) -> None:
        """Find what the references of an entry point to."""
        written = entry.raw["dependencies"]
        if not isinstance(written, list):
            path = f"{entry.path}.dependencies"
            if not isinstance(written, str | int | WrittenNumber) or isinstance(written, bool):
                self.note("dependencies not a list", entry, path, written)
                return
            self.note("dependencies not a list", entry, path, written)
            written = [written]
        by_id = self.by_id
        if entry.parent is None:  # by far the most usual case: each names another task, and each another one
            keys = [str(reference) if reference.__class__ is int else _id_text(reference) for reference in written]
            distinct = {*keys, entry.id}
            if len(distinct) > len(keys) and by_id.keys() >= distinct:
                entry.depends_on = tuple(keys)
                return
        found: dict[str, None] = {}  # ordered, and quick to ask for a milestone that waits for thousands
        top = entry.parent is None
        for position, reference in enumerate(written):
            key = str(reference) if reference.__class__ is int else _id_text(reference)
            target = key if top and key in by_id else self._unusual(entry, reference, key, position, found)
            if target is None:
                continue
            if target == entry.id:
                self.note("self", entry, f"{entry.path}.dependencies[{position}]", reference, key)
            elif target in found:
                self.note("repeated", entry, f"{entry.path}.dependencies[{position}]", reference, target)
            else:
                found[target] = None
        entry.depends_on = tuple(found)

    def _unusual(self, entry: Entry, reference: object, key: str, position: int, found: dict[str, None]) -> str | None:
        """What a reference means that is not just the id of a task; notes what is odd, adds the parts of a list."""
        path = f"{entry.path}.dependencies[{position}]"
        if not key:
            self.note("odd reference", entry, path, reference)
            return None
        target = self.target_of(entry, key)
        if target is None and key == entry.group:
            return None  # under the reading that ignores it: a subtask belongs to its parent anyway
        if target is None and "," in key:
            self.note("comma list", entry, path, reference)
            found.update(dict.fromkeys(self._resolve_parts(entry, key, path)))
        elif target is None:
            self.note("missing", entry, path, reference, key)
        return target

    def _resolve_parts(self, entry: Entry, text: str, path: str) -> list[str]:
        targets = []
        for part in filter(None, map(str.strip, text.split(","))):
            target = self.target_of(entry, part)
            if target is None:
                self.note("missing", entry, path, part, part)
            elif target != entry.id:
                targets.append(target)
        return targets

    def target_of(self, entry: Entry, key: str) -> str | None:
        """The id a reference means, under the chosen reading of bare numbers; None if there is none."""
        parent = entry.parent
        if parent is None or ("." in key and key in self.by_id):
            return key if key in self.by_id else None
        sibling: str | None = f"{parent.id}.{key}"
        task: str | None = key
        if sibling not in self.by_id:
            sibling = None
        elif self.bare_number == "earlier-sibling":
            other = self.by_id[sibling]
            if other.position >= entry.position and key in self.by_id:
                sibling = None
        if task not in self.by_id:
            task = None
        if self.bare_number == "earlier-sibling" and task == parent.id:
            task = None
        return (task or sibling) if self.bare_number == "task" else (sibling or task)


def _id_text(written: object) -> str:
    """An id or reference as text, exactly as it was written; empty if it can be none."""
    if isinstance(written, str):
        return written.strip()
    if isinstance(written, bool):
        return ""
    if isinstance(written, int):
        return str(written)
    return written.text if isinstance(written, WrittenNumber) else ""
