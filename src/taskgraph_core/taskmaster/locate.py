"""Where a plan is, and what lies beside it: state, configuration, complexity report."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskgraph_core.errors import InputError

PLACES = (".taskmaster/tasks/tasks.json", ".taskmaster/tasks.json", "tasks/tasks.json", "tasks.json")
"""Where a project keeps its plan, most usual first."""

DEFAULT_TAG = "master"


@dataclass(frozen=True, slots=True)
class Location:
    """A plan file and the project folder it belongs to; ``plan`` is None for standard input."""

    plan: Path | None
    project: Path

    @property
    def name(self) -> str:
        """How messages name the plan."""
        return str(self.plan) if self.plan else "standard input"

    @property
    def taskmaster(self) -> Path:
        """The folder of Taskmaster's own files."""
        return self.project / ".taskmaster"


def locate(spec: str) -> Location:
    """Find the plan that a file, a project folder or ``-`` (standard input) stands for.

    Raises:
        InputError: there is none.
    """
    if spec == "-":
        return Location(None, Path.cwd())
    path = Path(spec)
    try:
        if path.is_dir():
            for place in PLACES:
                if (path / place).is_file():
                    return Location(path / place, path)
            msg = "there is no plan in this folder"
            raise InputError(msg, where=spec, fix=f"looked for {', '.join(PLACES)}; name the file itself")
        if not path.exists():
            msg = "there is no such file or folder"
            raise InputError(msg, where=spec, fix="name a tasks.json, a project folder, a compiled graph or -")
    except (OSError, ValueError) as error:  # a name too long, or with a NUL
        msg = "this cannot be the name of a file"
        raise InputError(msg, where=spec[:80]) from error
    return Location(path, _project_of(path))


def _project_of(plan: Path) -> Path:
    folder = plan.absolute().parent
    for place in PLACES:
        parts = Path(place).parts[:-1]
        if parts and folder.parts[-len(parts) :] == parts:
            folder = Path(*folder.parts[: -len(parts)])
            break
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def wanted_tag(location: Location, tag: str | None) -> tuple[str, str]:
    """The tag to read and where that was said: the argument, the environment, Taskmaster's files, the default.

    A damaged state or configuration file says nothing.
    """
    if tag:
        return tag, "--tag"
    named = os.environ.get("TASKMASTER_TAG")
    if named:
        return named, "TASKMASTER_TAG"
    state = read_object(location.taskmaster / "state.json")
    if isinstance(state.get("currentTag"), str) and state["currentTag"]:
        return state["currentTag"], "state.json"
    config = read_object(location.taskmaster / "config.json").get("global")
    default = config.get("defaultTag") if isinstance(config, dict) else None
    if isinstance(default, str) and default:
        return default, "config.json"
    return DEFAULT_TAG, "the default"


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file that may be absent or damaged; empty then."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
