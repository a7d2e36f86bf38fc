"""TG108: text holds characters (NUL, lone surrogates) that no database or file system takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.taskmaster.document import unfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG108"


def check(context: PlanContext) -> Iterator[Finding]:
    """One finding a file."""
    if context.document is not None and unfit(context.document.text):
        yield Finding(
            CODE,
            "warning",
            "the plan holds NUL characters or halves of characters; they are read as U+FFFD",
            "$",
            fix="search the file for \\u0000 and \\ud8.. to \\udf.. and remove them",
        )
