"""The `taskgraph` command, called as from a shell but in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

from taskgraph_core.cli.app import main

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str


class Command:
    """Calls the command and reads what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Ended:
        code = 0
        with patch.object(sys, "argv", ["taskgraph", *map(str, words)]):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        out, err = self._capsys.readouterr()
        return Ended(code, out, err)
