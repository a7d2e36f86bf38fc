"""What an attempt left running whose own process died: ended before the task is tried again on the same machine.

Airflow starts the next attempt when it misses the heartbeats of the last one, whose program may well go on.
An attempt that ends in order removes its mark, so what a success left running on purpose stays.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes.leftovers import end_leftovers
from taskgraph_core.engine.processes.tree import MARKS, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_LEADER = -1


@contextmanager
def under_way(folder: Path, key: str, attempt: int) -> Iterator[int]:
    """Mark an attempt as under way, after ending what earlier ones left: how many processes that were.

    Args:
        folder: where the marks are; without one that can be written, nothing is marked.
        key: the idempotency key of the task, the same for all attempts.
        attempt: its number.

    Raises:
        EngineError: something cannot be ended.
    """
    mark = folder / f"{key}.{attempt}"
    earlier = list(folder.glob(f"{key}.*"))
    ended = end_leftovers([_tree(key, place.suffix[1:]) for place in earlier])
    with suppress(OSError):
        for place in earlier:
            place.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
    try:
        yield ended
    finally:
        with suppress(OSError):
            mark.unlink(missing_ok=True)


def _tree(key: str, attempt: str) -> Tree:
    texts = (key, attempt)
    return Tree(_NO_LEADER, 0, {name: text.encode() for name, text in zip(MARKS, texts, strict=True)})
