"""``check --fix``: repairs of a plan file that change nothing but the dependencies they are about.

A repair takes an item out of a list of dependencies, or splits one; every other character of
the file stays as it was. What a reference means depends on how bare numbers on subtasks are
read, so a repair is safe only if it is right under every reading: a subtask that says ``1`` may
mean a sibling or a task, and then neither "depends on itself" nor "stands there twice" is
certain. Uncertain repetitions stay, being harmless; the rest is repaired only when asked for.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from taskgraph_core.errors import InputError
from taskgraph_core.generate import replace_text
from taskgraph_core.rules import comma_list, missing_reference, repeated_dependency, self_reference
from taskgraph_core.rules.context import shorten
from taskgraph_core.taskmaster.document import bounded_nesting, decode
from taskgraph_core.taskmaster.spans import change_items, steps_of, value_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from taskgraph_core.taskmaster.document import Document
    from taskgraph_core.taskmaster.plan import Entry, Odd, Plan


@dataclass(frozen=True, slots=True)
class Repair:
    """One change of one item in a list of dependencies.

    Attributes:
        code: the finding it answers.
        task: id of the task whose dependencies are changed.
        path: JSON path of the item, as in the finding.
        sentence: what to do and why, for a question or a report.
        written: what stands there now.
        items: what is to stand there instead; empty where it is only removed.
        line: where that is in the file, from 1.
    """

    code: str
    task: str
    path: str
    sentence: str
    written: object
    items: tuple[str, ...] = ()
    line: int = 0


@bounded_nesting()
def plan_repairs(document: Document, plans: Sequence[Plan], *, dangling: bool) -> list[Repair]:
    """What can be repaired in some lists of a document, list by list in the order of the plan.

    Args:
        document: the file as it was read.
        plans: lists of that document, under the reading of bare numbers that the profile chose.
        dangling: repair also what drops a dependency somebody may have meant: references that lead
            nowhere, and bare numbers on subtasks that mean the subtask itself under this reading, but
            a task under another. Ask before using these.

    Raises:
        InputError: the document is nested too deeply to be looked at from here.
    """
    repairs = [repair for plan in plans for repair in _Repairs(plan, dangling=dangling).all()]
    lines = _lines(document.text, [repair.path for repair in repairs])
    return [replace(repair, line=line) for repair, line in zip(repairs, lines, strict=True)]


@bounded_nesting()
def apply_repairs(text: str, repairs: Iterable[Repair]) -> str:
    """The text of a plan with repairs made in it.

    Raises:
        InputError: the repairs were not made for this text, or would change more than they say.
    """
    repairs = list(repairs)
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    for repair in repairs:
        home, position = _home(repair.path)
        changes.setdefault(home, {})[position] = repair.items
    expected = decode(text, "the plan")
    try:
        fits = all(_at(expected, repair.path) == repair.written for repair in repairs)
        for home, replacements in changes.items():
            _change(_at(expected, home), replacements)
        fixed = change_items(text, changes)
    except (LookupError, TypeError) as error:
        raise _unfit() from error
    if not fits or decode(fixed, "the repaired plan") != expected:
        raise _unfit()
    return fixed


def write_repairs(path: Path | None, old_text: str, new_text: str) -> None:
    """Put a repaired text in the place of the plan it was made from: whole, or not at all.

    A byte order mark, line ends and permissions stay. Where the plan is a symbolic link the file it
    leads to is replaced and the link stays: that file is the plan the user named.

    Args:
        path: the plan; None for standard input.
        old_text: the plan's text as it was read, without a byte order mark.
        new_text: what to write instead.

    Raises:
        InputError: the plan is standard input or no ordinary file, holds something else by now, or
            cannot be written.
    """
    if path is None:
        msg = "cannot be repaired in place"
        raise InputError(msg, where="standard input", fix="name the file itself")
    try:
        if not path.is_file():
            msg = "is no ordinary file, so it cannot be repaired in place"
            raise InputError(msg, where=str(path), fix="name the file itself")
        place = path.resolve(strict=True)
        with place.open("r+b") as stream:  # for writing too: replacing it would get around a write protection
            data = stream.read()
        content = data.removeprefix(codecs.BOM_UTF8)
        if content != old_text.encode():
            msg = "has changed since it was read, so nothing was written"
            raise InputError(msg, where=str(path), fix="run the command again")
        mark = "\ufeff" if len(content) < len(data) else ""
        if new_text != old_text:
            replace_text(place, mark + new_text)
    except OSError as error:
        msg = f"cannot be written: {error.strerror}"
        raise InputError(msg, where=str(path)) from error


_REASONS = {
    "missing": (missing_reference.CODE, "no task here has that id"),
    "self": (self_reference.CODE, "a task cannot wait for itself"),
    "perhaps self": (self_reference.CODE, "as it is read now, it means the task itself"),
    "repeated": (repeated_dependency.CODE, "it stands there already"),
}


class _Repairs:
    """Goes through the entries of one plan in which something was noted."""

    def __init__(self, plan: Plan, *, dangling: bool) -> None:
        self.plan = plan
        self.dangling = dangling
        self.comma_lists = {odd.path for odd in self.odd("comma list")}
        self.no_references = {odd.path for odd in self.odd("odd reference")}
        self.lost: dict[str, set[str]] = {}
        for odd in self.odd("missing"):
            self.lost.setdefault(odd.path, set()).add(odd.meant)
        self.shared_ids = {odd.entry.id for odd in self.odd("duplicate task", "duplicate subtask")}

    def odd(self, *kinds: str) -> Iterator[Odd]:
        """What reading noted under some kinds."""
        for kind in kinds:
            yield from self.plan.odd.get(kind, ())

    def all(self) -> Iterator[Repair]:
        """Repairs of the whole plan."""
        noted = {odd.entry for odd in self.odd("self", "repeated", "comma list", "missing")}
        for entry in self.plan.entries:
            if entry in noted and isinstance(entry.raw["dependencies"], list):
                yield from self.of(entry, entry.raw["dependencies"])

    def of(self, entry: Entry, references: list[Any]) -> Iterator[Repair]:
        """Repairs of one list; ``kept`` is what the items that stay can mean."""
        upstream = frozenset(entry.depends_on)
        kept: set[frozenset[str]] = set()
        for position, written in enumerate(references):
            path = f"{entry.path}.dependencies[{position}]"
            if path in self.no_references:
                continue
            text = str(getattr(written, "text", written)).strip()
            splits = path in self.comma_lists
            keys = list(filter(None, map(str.strip, text.split(",")))) if splits else [text]
            lost = self.lost.get(path, set())
            if splits and not self.dangling and (lost or not keys):
                continue
            good: list[str] = []
            reason = ""
            for key in keys:
                meanings = self.meanings(entry, key)
                reason = "missing" if key in lost else self.reason_against(entry.id, meanings, upstream, kept)
                if not reason or (reason in ("missing", "perhaps self") and not self.dangling):
                    good.append(key)
                    kept.add(meanings)
            if splits:
                yield _split_up(entry, path, written, good)
            elif not good:
                code, why = _REASONS[reason]
                sentence = f"remove {shorten(written)} from the dependencies of {entry.id}: {why}"
                yield Repair(code, entry.id, path, sentence, written)

    def reason_against(
        self, own: str, meanings: frozenset[str], upstream: frozenset[str], kept: set[frozenset[str]]
    ) -> str:
        """Why a reference that leads somewhere should go; empty if it should stay."""
        others = meanings - {own}
        if own in meanings and not others & upstream:  # read as the entry itself, or another would be upstream
            return "perhaps self" if others or own in self.shared_ids else "self"
        return "repeated" if meanings in kept else ""

    def meanings(self, entry: Entry, key: str) -> frozenset[str]:
        """Every id that a reference names under some reading of bare numbers."""
        known = self.plan.by_id
        if entry.parent is None or ("." in key and key in known):
            return frozenset({key} & known.keys())
        return frozenset({key, f"{entry.parent.id}.{key}"} & known.keys())


def _split_up(entry: Entry, path: str, written: object, items: list[str]) -> Repair:
    """Each id of a comma list as an item of its own."""
    sentence = f"write {shorten(written)} in the dependencies of {entry.id} as "
    sentence += ", ".join(map(shorten, items)) if items else "nothing: it names no other task"
    return Repair(comma_list.CODE, entry.id, path, sentence, written, tuple(items))


def _home(path: str) -> tuple[str, int]:
    """The list an item stands in, and at which position."""
    home, _, position = path.removesuffix("]").rpartition("[")
    return home, int(position)


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - JSON can hold anything
    """The value at a path."""
    for step in steps_of(path):
        value = value[step]
    return value


def _change(items: list[Any], replacements: Mapping[int, Sequence[str]]) -> None:
    """What ``change_items`` does to text, done to a value."""
    items[:] = [fresh for position, old in enumerate(items) for fresh in replacements.get(position, (old,))]


def _lines(text: str, paths: list[str]) -> list[int]:
    """The line of each path's value."""
    spans = value_spans(text, paths)
    ends = list(accumulate(len(line) + 1 for line in text.split("\n")))
    return [bisect_right(ends, spans[path][0]) + 1 if path in spans else 0 for path in paths]


def _unfit() -> InputError:
    msg = "the repairs do not fit this plan, so nothing was changed"
    return InputError(msg, fix="check the plan again and repair what is found then")
