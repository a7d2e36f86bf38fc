"""Syncing files to the disk now and then, beside the work."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INTERVAL = 1.0
"""Seconds between two looks."""

_sync = getattr(os, "fdatasync", os.fsync)


class Syncer:
    """A thread that syncs some files, if ``dirty`` says that they were written; close it.

    A disk that refuses is no concern of it: the next write will meet the same disk.

    Raises:
        OSError: a file cannot be opened.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self.dirty = True
        self._ending = threading.Event()
        self._handles = [os.open(place, os.O_RDWR | os.O_CLOEXEC) for place in places]
        self._thread = threading.Thread(target=self._work, name="journal sync", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; what is dirty now is left to whoever closes the files."""
        self._ending.set()
        self._thread.join()
        while self._handles:
            os.close(self._handles.pop())

    def _work(self) -> None:
        while not self._ending.wait(INTERVAL):
            if not self.dirty:
                continue
            self.dirty = False
            for handle in self._handles:
                try:
                    _sync(handle)
                except OSError:
                    continue


def sync_folders(run: Path) -> None:
    """Make the names that lead to a run's files outlive the machine's end.

    Raises:
        OSError: the disk refuses.
    """
    for folder in (run, *list(run.parents)[:3]):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
