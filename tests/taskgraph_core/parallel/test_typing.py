"""The types of groups, as mypy sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_types_of_handles_follow_from_what_was_added() -> None:
    pytest.importorskip("mypy")
    argv = [sys.executable, "-m", "mypy", str(Path(__file__).with_name("typing_check.py"))]

    checked = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
