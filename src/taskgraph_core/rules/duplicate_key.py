"""TG103: a JSON object has the same key twice; JSON readers silently keep the last."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import count, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import PlanContext

CODE = "TG103"


def check(context: PlanContext) -> Iterator[Finding]:
    """Read the text once more, watching keys; only a full check pays for that."""
    if context.document is None:
        return
    doubled: Counter[str] = Counter()

    def watch(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            doubled.update(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        return found

    json.loads(context.document.text, object_pairs_hook=watch)
    for key, times in doubled.items():
        yield Finding(
            CODE,
            "warning",
            f"the key {shorten(key)} stands more than once in {count(times, 'object')}; only the last one counts",
            path="$",
            fix="keep one of them",
        )
