"""TG203: tasks wait for each other in a circle, so none of them can ever start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.cycles import MOST_NAMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG203"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a circle, as a path of what waits for what."""
    for number, (path, knot) in enumerate(context.written_circles):
        fix = "remove the dependency that is not meant"
        reading = context.cured_by(path)
        if reading:
            fix += f"; with subtask_references = '{reading}' in the profile there is no such circle"
        if number == MOST_NAMED - 1:
            fix += f" (the {knot} tasks of this knot may form more circles than are listed)"
        yield Finding(
            CODE,
            "error",
            f"these wait for each other in a circle: {arrows(path)}",
            context.plan.by_id[path[0]].path,
            path,
            fix,
        )


def arrows(path: tuple[str, ...]) -> str:
    """A circle as a path of what waits for what, back to where it began; the middle of a long one is left out."""
    shown = path if len(path) <= 20 else (*path[:10], f"({len(path) - 15} more)", *path[-5:])
    return " -> ".join((*shown, path[0]))
