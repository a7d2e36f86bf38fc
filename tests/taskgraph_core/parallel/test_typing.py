"""The types of groups, as mypy sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_types_of_handles_follow_from_what_was_added(tmp_path: Path) -> None:
    options = ["--strict", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), "--follow-imports=silent"]
    place = str(Path(__file__).with_name("typing_check.py"))

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *options, place], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
