"""TG103: a JSON object has the same key twice; JSON readers silently keep the last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG103"


def check(context: PlanContext) -> Iterator[Finding]:
    """Read the text once more, watching keys; only a full check pays for that."""
    if context.document is None:
        return
    doubled: dict[str, int] = {}

    def watch(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    doubled[key] = doubled.get(key, 0) + 1
                seen.add(key)
        return found

    json.loads(context.document.text, object_pairs_hook=watch)
    for key, times in doubled.items():
        yield Finding(
            CODE,
            "warning",
            f"the key {shorten(key)} stands twice in the same object ({times} times); only the last one counts",
            path="$",
            fix="remove one of the two",
        )
