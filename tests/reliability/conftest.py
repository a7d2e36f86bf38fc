"""The score-sheet: what the engine promises, tried often.

``make test`` runs a short version of every row. ``make reliability`` runs all of it (``--full``) and prints how
often each thing was tried. Seeds are fixed, so a row that fails fails again, as far as processes let it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reliability.engines import Engines
from reliability.sheet import Row, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS = pytest.StashKey[list[Row]]()
LONGEST = 900
"""Seconds that one row may take with ``--full``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the whole score-sheet, and a table at its end")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full", default=False):
        for item in items:
            item.add_marker(pytest.mark.timeout(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if rows and config.getoption("--full", default=False):
        terminalreporter.section("score-sheet")
        for line in table(rows):
            terminalreporter.write_line(line)


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether to try everything there is, rather than a sample."""
    return bool(request.config.getoption("--full", default=False))


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Callable[[str, str], Row]:
    """Begin a row of the score-sheet."""

    def begin(code: str, title: str) -> Row:
        row = Row(code, title)
        request.config.stash.setdefault(ROWS, []).append(row)
        return row

    return begin


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Engines]:
    """Starts engines in a scratch project; whatever still lives at the end is killed."""
    started = Engines(tmp_path)
    yield started
    started.close()
