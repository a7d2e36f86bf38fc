"""What a file in the DAGs folder asks for, and the key that stands for all that goes into the answer.

The key must change whenever the code might: it is a digest of the bytes of every file that compiling looks at, present
or not, of what was asked, and of the code that compiles. It must cost next to nothing, which is why this module
repeats where ``profile.load`` and ``taskmaster.complexity`` look instead of importing the models of the core.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from taskgraph_core.taskmaster.locate import DEFAULT_TAG, Location, locate, wanted_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORM = 1
"""Rises with the form of what is kept."""

_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
_ROOMS = (
    "airflow_provider/dynamic",
    "airflow_provider/generating",
    "airflow_provider/generating/findings",
    "airflow_provider/generating/template",
    "taskgraph_core",
    "taskgraph_core/analysis",
    "taskgraph_core/profile",
    "taskgraph_core/rules",
    "taskgraph_core/scheduler",
    "taskgraph_core/show",
    "taskgraph_core/taskmaster",
)
"""Folders of the code that turns a plan into a DAG file."""


class Wanted(NamedTuple):
    """What ``taskgraph_dag`` was called with.

    Attributes:
        spec: a plan, a project folder or a compiled graph, as an absolute path.
        tag: which list of a tagged plan, or None.
        profile: the profile as an absolute path, or None for the one beside the plan.
        select: which tasks.
        exclude: which not.
        again: finished tasks too.
        options: the target's own, by name.
    """

    spec: str
    tag: str | None
    profile: str | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    again: bool
    options: dict[str, str | bool]


def key_of(wanted: Wanted) -> str:
    """64 hex digits: the same only if the same code comes out. Where files lie does not matter, but the project's name.

    Raises:
        InputError: there is no plan.
    """
    location = locate(wanted.spec)
    tag, _ = wanted_tag(location, wanted.tag)
    asked = (tag, location.project.resolve().name, wanted.profile is None, *wanted[3:])
    python = (MAGIC_NUMBER, sys.flags.optimize)
    digest = hashlib.sha256(repr((_FORM, python, asked)).encode("utf-8", "backslashreplace"))
    digest.update(repr(sorted(_code())).encode())
    for place in _files(wanted, location, tag):
        content = _content(place)
        digest.update(b"absent;" if content is None else b"%d;" % len(content))
        digest.update(content or b"")
    return digest.hexdigest()


def _files(wanted: Wanted, location: Location, tag: str) -> Iterator[Path]:
    """Every file that the graph depends on, whether it is there or not; for the tag's own, the tag stands."""
    assert location.plan is not None  # noqa: S101 - only standard input has no file, and an absolute path is never that
    yield location.plan
    if wanted.profile is not None:
        yield Path(wanted.profile)
    else:
        for folder in (location.plan.parent, location.project, location.taskmaster):
            yield folder / "taskgraph.toml"
    report = f"task-complexity-report{'' if tag == DEFAULT_TAG else f'_{tag}'}.json"
    for folder in (location.taskmaster / "reports", location.project / "scripts", location.project):
        yield folder / report


def _content(place: Path) -> bytes | None:
    """The bytes of a file; None where compiling could not read it either."""
    try:
        return place.read_bytes()
    except (OSError, ValueError):
        return None


def _code() -> Iterator[tuple[str, int, int]]:
    """Our own code, by name, size and the time its files were put there, which no installer can choose.

    Reading the files would take three times as long, and asking for the package's version longer still.
    """
    for room in _ROOMS:
        with os.scandir(f"{_SOURCE}/{room}") as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    about = entry.stat()
                    yield entry.path, about.st_size, about.st_ctime_ns
