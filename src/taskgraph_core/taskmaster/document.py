"""tasks.json as text becomes named lists of raw tasks, whichever of its forms it has.

The forms that occur in real repositories: tagged ``{tag: {"tasks": […]}}``, flat
``{"tasks": […]}`` with or without other root keys, wrapped ``{"tags": {…}}``, a bare list a
tag ``{tag: […]}``, a list as the root, and a flat list beside tags. Reading never writes.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Self

from taskgraph_core.errors import InputError
from taskgraph_core.taskmaster.locate import DEFAULT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from taskgraph_core.taskmaster.locate import Location

ROOT_TAG = "(root)"
"""Names the list at the root where there are tags beside it."""

_UNFIT = re.compile("[\x00\ud800-\udfff]")
# Quick, and right about clean text: only escapes can bring such characters into text that was valid UTF-8.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# One escape after the other: a whole pair, then what is unfit (the group), then any other.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u0000|u[dD][89a-fA-F]..)|.)")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class WrittenNumber(float):
    """A JSON fraction that remembers how it was written, because as an id 8.10 is not 8.1."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Keep the text beside the value."""
        number = super().__new__(cls, text)
        number.text = text
        return number


@dataclass(frozen=True, slots=True)
class TagList:
    """The raw tasks of one tag and the JSON path of their list."""

    name: str
    tasks: list[Any]
    path: str


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded plan file: its text, the name of its form, its lists of tasks by tag."""

    name: str
    text: str
    form: str
    tags: Mapping[str, TagList]

    def tag(self, name: str, said_by: str) -> TagList:
        """The list of one tag.

        Raises:
            InputError: there is no such tag; the message lists those there are.
        """
        if name in self.tags:
            return self.tags[name]
        msg = f"there is no tag {name!r} (from {said_by})"
        raise InputError(msg, where=self.name, fix=f"tags here: {', '.join(self.tags)}; choose one with --tag")


def read_text(location: Location) -> str:
    """The text of a plan.

    Raises:
        InputError: it cannot be read, or is not UTF-8.
    """
    try:
        data = location.plan.read_bytes() if location.plan else sys.stdin.buffer.read()
    except OSError as error:
        msg = f"cannot be read: {error.strerror}"
        raise InputError(msg, where=location.name) from error
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()  # much faster than the utf-8-sig codec
    except UnicodeDecodeError as error:
        msg = f"is not UTF-8 text (byte {error.start})"
        raise InputError(msg, where=location.name, fix="save it as UTF-8") from error


@contextmanager
def bounded_nesting(name: str = "the plan") -> Iterator[None]:
    """Turn Python's recursion limit into an error about the plan, the only thing here that can nest so deeply.

    Raises:
        InputError: the limit was reached.
    """
    try:
        yield
    except RecursionError as error:
        msg = "is nested too deeply to be a plan"
        raise InputError(msg, where=name) from error


def decode(text: str, name: str) -> object:
    """JSON text as plain values: fractions as ``WrittenNumber``, characters no engine can hold replaced.

    Raises:
        InputError: it is not JSON; the message says where it stops being JSON and why that may be.
    """
    try:
        with bounded_nesting(name):
            value = json.loads(text, parse_float=WrittenNumber, parse_constant=_refuse_constant)
            return _clean(value) if _SUSPECT.search(text) else value
    except json.JSONDecodeError as error:
        what, fix = _explain(text, error.msg)
        raise InputError(what, where=f"{name}, line {error.lineno}, column {error.colno}", fix=fix) from error
    except ValueError as error:
        msg = f"is not valid JSON: {error}"
        raise InputError(msg, where=name) from error


def parse(text: str, name: str) -> Document:
    """Recognise the form of a plan and find its lists of tasks.

    Raises:
        InputError: it is not JSON, or holds no list of tasks in any known form.
    """
    root = decode(text, name)
    form, tags = _lists(root)
    if not tags:
        keys = ", ".join(map(repr, list(root)[:6])) if isinstance(root, dict) else ""
        found = f"an object with the keys {keys}" if keys else f"only {json.dumps(root)[:40]}"
        msg = f"holds no list of tasks; found {found}"
        raise InputError(msg, where=name, fix='a plan looks like {"master": {"tasks": [...]}}')
    return Document(name, text, form, {tag.name: tag for tag in tags})


def unfit(text: str) -> bool:
    """Whether JSON text holds characters (NUL, lone surrogates) that no engine can; reading replaces them."""
    return bool(_SUSPECT.search(text)) and any(escape[1] for escape in _ESCAPE.finditer(text))


def _lists(root: object) -> tuple[str, list[TagList]]:
    if isinstance(root, list):
        return "root list", [TagList(DEFAULT_TAG, root, "$")]
    if not isinstance(root, dict):
        return "", []
    tags = _tagged(root, "$")
    flat = root.get("tasks")
    if isinstance(flat, list):
        if tags:
            return "flat beside tags", [TagList(ROOT_TAG, flat, "$.tasks"), *tags]
        return "flat", [TagList(DEFAULT_TAG, flat, "$.tasks")]
    if tags:
        return "tagged", tags
    wrapped = root.get("tags")
    if isinstance(wrapped, dict):
        inside = _tagged(wrapped, "$.tags") or _bare(wrapped, "$.tags")
        if inside:
            return "wrapped tags", inside
    return "list a tag", _bare(root, "$")


def _tagged(mapping: dict[str, Any], path: str) -> list[TagList]:
    return [
        TagList(key, value["tasks"], f"{path}{json_key(key)}.tasks")
        for key, value in mapping.items()
        if isinstance(value, dict) and isinstance(value.get("tasks"), list)
    ]


def _bare(mapping: dict[str, Any], path: str) -> list[TagList]:
    return [
        TagList(key, value, f"{path}{json_key(key)}")
        for key, value in mapping.items()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    ]


def json_key(key: str) -> str:
    """One step of a JSON path: ``.master``, or ``["two words"]``."""
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key)}]"


def _refuse_constant(text: str) -> NoReturn:
    msg = f"{text} is not a JSON number"
    raise ValueError(msg)


def _explain(text: str, problem: str) -> tuple[str, str]:
    if not text.strip():
        return "is empty", "restore it from version control"
    if re.search(r"^(<{7}|>{7}|={7})", text, re.MULTILINE):
        return "has merge-conflict markers in it", "resolve the conflict"
    return f"is not valid JSON: {problem[0].lower()}{problem[1:]}", "repair the file at this place"


def _clean(value: object) -> object:
    """Replace characters that neither a database nor a file system can hold by U+FFFD."""
    if isinstance(value, str):
        return _UNFIT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
