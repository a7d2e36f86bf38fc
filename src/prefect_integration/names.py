"""What the server is told things are called: text of the plan, made safe to show, store and match.

Nothing here goes through a format string: run names are passed to Prefect as the value of a
fixed template's only field.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.ir import Task

NAME_LIMIT = 200
"""Longest name or tag sent to the server, in characters."""

# What a terminal would act on, a database refuses, or that turns or hides the text around it:
# controls (except the tab), line separators, direction marks, halves of characters, invisible tags.
_UNFIT = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """The text with every unfit character replaced by U+FFFD."""
    return _UNFIT.sub("\ufffd", text)


def shortened(text: str) -> str:
    """A printable text of at most ``NAME_LIMIT`` characters."""
    text = printable(text)
    return text if len(text) <= NAME_LIMIT else text[: NAME_LIMIT - 1] + "\u2026"


def run_name(task: Task, attempt: int = 1, *, undo: bool = False) -> str:
    """What a task run is called: ``5.2 Load orders (attempt 2)``, or with ``undo`` in front."""
    name = shortened(f"{task.id} {task.title}".strip())
    again = f" (attempt {attempt})" if attempt > 1 else ""
    return f"{'undo ' if undo else ''}{name}{again}"


def limit_tag(resource: str) -> str:
    """The tag of tasks that use a resource; ``tag:`` and this is the name of its limit."""
    return f"resource:{_slug(resource)}"


def rate_name(resource: str) -> str:
    """The name of the limit on how often attempts that use a resource start."""
    return f"rate:{_slug(resource)}"


def _slug(resource: str) -> str:
    """A part of a limit's name, which may not hold ``/ % & < >``.

    One that had to be changed ends with a digest of the original, so that two resources never
    share a limit by accident.
    """
    slug = re.sub(r"[^A-Za-z0-9._:-]+", "-", resource)[:64]
    if slug != resource:
        slug += "-" + hashlib.sha256(resource.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return slug


def resource_tags(task: Task) -> set[str]:
    """The tags of all resources that a task claims, whether or not the server counts them."""
    return {limit_tag(claim.resource) for claim in task.claims}


def descriptive_tags(task: Task) -> list[str]:
    """The tags by which people and readers of a run find a task; none of them can be a limit's."""
    group = [f"group:{task.group}"] if task.group is not None else []
    return [shortened(tag) for tag in (f"task:{task.id}", *group, *(f"label:{label}" for label in task.labels))]
