"""What tests of processes wait for; the test's own timeout is the only bound."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def written() -> Callable[[Path], str]:
    """Wait until a file has a line; that line."""

    def wait(place: Path) -> str:
        while not place.exists() or not place.read_text().endswith("\n"):
            time.sleep(0.01)
        return place.read_text().strip()

    return wait


@pytest.fixture
def gone() -> Callable[[int], None]:
    """Wait until a process runs no more; one that nobody has reaped yet does not run."""

    def wait(process_id: int) -> None:
        command = ["ps", "-o", "stat=", "-p", str(process_id)]
        while subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().strip("Z+<Nsl"):
            time.sleep(0.05)

    return wait
