"""TG206: a group and its members wait for each other, so neither can ever start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.cycle import arrows
from taskgraph_core.rules.cycles import circles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG206"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a circle that exists only because subtasks belong to their task.

    A subtask waits for what its parent waits for, and a parent is closed after its subtasks.
    Circles among written references are another rule's; a knot around one is reported when that is cut.
    """
    if context.sound:
        return
    written = {task_id for path, _ in context.written_circles for task_id in path}
    for circle, _ in circles(context.all_edges):
        if not written.isdisjoint(circle):
            continue
        parent = context.plan.by_id[circle[0]].parent
        # Named by its own parent, a subtask would wait for itself.
        path = (parent.id, *circle) if parent is not None and len(circle) == 1 else circle
        fix = "a task cannot wait for its own subtasks, nor for what waits for them: remove one of these dependencies"
        reading = context.cured_by(path)
        if reading:
            fix += f"; with subtask_references = '{reading}' in the profile there is no such circle"
        yield Finding(
            CODE,
            "error",
            f"a task and its subtasks wait for each other: {arrows(path)}",
            context.plan.by_id[path[0]].path,
            path,
            fix,
        )
