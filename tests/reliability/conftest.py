"""The score-sheet: what the engine promises, tried often.

``make test`` runs a short version of every row. ``make reliability`` runs all of it (``--full``) and prints how
often each thing was tried. Seeds are fixed, so a row that fails fails again, as far as processes let it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reliability.engines import Engines
from reliability.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHEET = pytest.StashKey[Sheet]()
LONGEST = 900
"""Seconds that one row may take with ``--full``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the whole score-sheet, and a table at its end")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[SHEET] = Sheet(full=config.getoption("--full", default=False))
    if config.stash[SHEET].full:
        for item in items:
            item.add_marker(pytest.mark.timeout(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    sheet = config.stash.get(SHEET, Sheet())
    if sheet.full and sheet.rows:
        terminalreporter.section("score-sheet")
        for line in sheet.table():
            terminalreporter.write_line(line)


@pytest.fixture
def sheet(request: pytest.FixtureRequest) -> Sheet:
    """Where a test begins its row."""
    return request.config.stash[SHEET]


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    """Starts engines in a scratch project; whatever still lives at the end is killed."""
    with Engines(tmp_path) as started:
        yield started
