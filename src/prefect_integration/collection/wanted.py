"""Which plan a flow or a task is made of, and the one way to its graph."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from prefect_integration.collection.profile import TaskgraphProfile
from taskgraph_core.compile import Compiled, Request, compile_request, read_source
from taskgraph_core.profile.model import Profile
from taskgraph_core.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Wanted(NamedTuple):
    """What was asked for.

    Attributes:
        spec: a plan, a project folder or a compiled graph, as an absolute path.
        tag: which list of a tagged plan, or None.
        profile: the profile, its path, or None for the one beside the plan.
        selection: which tasks.
        again: finished tasks too.
    """

    spec: str
    tag: str | None = None
    profile: Profile | Path | None = None
    selection: Selection = Selection()
    again: bool = False

    def compiled(self) -> Compiled:
        """The plan as it is now.

        Raises:
            TaskgraphError: it cannot be read, or is not sound.
        """
        path = self.profile if isinstance(self.profile, Path) else None
        request = Request(self.spec, self.tag, path, self.selection, "again" if self.again else "due")
        source = read_source(request)
        if isinstance(self.profile, Profile):
            source = replace(source, profile=self.profile, has_profile=True)
        return compile_request(request, source)


def profile_of(
    given: str | os.PathLike[str] | TaskgraphProfile | None, caller: Mapping[str, Any]
) -> Profile | Path | None:
    """The profile of a block, or the path of one."""
    if given is None:
        return None
    return given.profile if isinstance(given, TaskgraphProfile) else seen_from(caller, given)


def seen_from(caller: Mapping[str, Any], path: str | os.PathLike[str]) -> Path:
    """A path as the file of whoever calls us means it: relative to its own folder."""
    folder = Path(caller["__file__"]).absolute().parent if caller.get("__file__") else Path.cwd()
    return folder / os.fspath(path)
