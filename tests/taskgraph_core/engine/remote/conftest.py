from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.worker import Words, Worker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path, Words())
