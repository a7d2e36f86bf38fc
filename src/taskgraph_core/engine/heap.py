"""What stands when a run begins is there until it ends: Python's cyclic garbage collector need not walk it again.

A graph of 10,000 tasks and its scheduler are a hundred thousand objects. While a run makes and drops events, the
collector would go through all of them, which takes as long as a small task.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def standing_heap() -> Iterator[None]:
    """Leave what exists now out of collections; what is made from now on is collected as ever."""
    if gc.get_freeze_count():  # somebody else's, and theirs to undo
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
