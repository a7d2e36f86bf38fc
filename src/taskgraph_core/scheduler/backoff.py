"""How long a task rests before it is tried again: exponential backoff with a ceiling and jitter."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import Node


def pause(node: Node, failures: int, seed: str) -> float:
    """Seconds to rest after so many failures.

    The seed names the attempt, so that its pause depends on nothing else that happened before.
    """
    try:
        seconds = min(node.delay * node.factor ** (failures - 1), node.max_delay)
    except OverflowError:
        seconds = node.max_delay if node.delay else 0.0
    if not node.jitter:
        return seconds
    return seconds * (1 + node.jitter * random.Random(seed).random())  # noqa: S311 - jitter, no secret
