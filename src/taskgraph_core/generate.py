"""What every target shares: Python literals, generated names, writing files, finding targets.

A target is a pure function from a graph and options to files; this module does the rest.
Targets register under the entry-point group ``taskgraph.targets``, so the core imports none.
"""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from taskgraph_core.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from taskgraph_core.findings import Finding
    from taskgraph_core.ir import TaskGraph

GROUP = "taskgraph.targets"


class Options(BaseModel):
    """Base of a target's own options; each field is a flag of ``taskgraph generate``."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Generated:
    """What a target made: text by relative path, and what the user should know about it."""

    files: Mapping[str, str]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One system a graph can be generated for.

    ``generate`` is pure: the same graph and options give the same bytes. ``beside`` is asked where a
    file is there already: of its name, its text and the generated text it makes what is written.
    """

    name: str
    summary: str
    generate: Callable[[TaskGraph, Any], Generated]
    options: type[Options] = field(default=Options)
    beside: Callable[[str, str, str], str] | None = None


def targets() -> dict[str, Target]:
    """Every installed target by name."""
    return {point.name: point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def target(name: str) -> Target:
    """One target by name.

    Raises:
        TargetError: it is not installed.
    """
    for point in entry_points(group=GROUP, name=name):
        loaded: Target = point.load()
        return loaded
    known = ", ".join(point.name for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))
    msg = f"there is no target {name!r}"
    raise TargetError(msg, fix=f"installed targets: {known or 'none'}")


def literal(value: object) -> str:
    """A Python literal in pure ASCII that reads back equal, in double quotes where that needs no more escapes.

    ``ascii()`` escapes everything that could end a line, hide or turn text around: U+2028, NUL,
    lone surrogates, direction marks. Containers are written on one line, in their own order.
    """
    match value:
        case str():
            text = ascii(value)
            if text[0] == "'" and value.count('"') <= value.count("'"):
                return '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
            return text
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case float():
            return repr(value).replace("e+", "e")
        case bool() | None | int():
            return repr(value)
        case tuple():
            inner = ", ".join(map(literal, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    msg = f"no literal for {type(value).__name__}"
    raise TypeError(msg)


def write_files(
    files: Mapping[str, str], directory: Path, beside: Callable[[str, str, str], str] | None = None
) -> list[Path]:
    """Write generated files below a directory, each one whole or not at all; their paths, in order.

    A file is written beside its place and moved there, so that a symbolic link at the place is
    replaced, never followed. ``beside`` is a target's own: see there; nothing is written if it refuses one.

    Raises:
        TargetError: a path would lie outside the directory, or cannot be written.
    """
    written = []
    if beside is not None:
        present = {name: _present(directory / name) for name in files}
        files = {
            name: text if (old := present[name]) is None else beside(name, old, text) for name, text in files.items()
        }
    for name, text in files.items():
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts:
            msg = f"refusing to write {name!r}: it is not inside the output folder"
            raise TargetError(msg, where=str(directory))
        place = directory / relative
        try:
            if not place.parent.resolve().is_relative_to(directory.resolve()):
                msg = f"refusing to write {name!r}: a link leads out of the output folder"
                raise TargetError(msg, where=str(directory))
            place.parent.mkdir(parents=True, exist_ok=True)
            replace_text(place, text)
        except OSError as error:
            msg = f"cannot write {name!r}: {error.strerror}"
            raise TargetError(msg, where=str(directory), fix="choose another folder with -o") from error
        written.append(place)
    return written


def _present(place: Path) -> str | None:
    """The text of a file that is there; None if there is none but a link, which is not followed."""
    if place.is_symlink() or not place.is_file():
        return None
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        msg = "is there already and cannot be read"
        raise TargetError(msg, where=str(place), fix="move it away, or choose another folder with -o") from error


def replace_text(place: Path, text: str) -> None:
    """Replace one file atomically, keeping its permissions if it had any."""
    mode = place.stat().st_mode & 0o7777 if place.is_file() and not place.is_symlink() else 0o644
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
