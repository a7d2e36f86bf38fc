"""What all tests share: golden files, and laws that no busy machine can break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write golden files instead of comparing them")


@pytest.fixture(autouse=True)
def _no_tag_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASKMASTER_TAG", raising=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a committed file; ``make generated`` writes the file instead."""

    def compare(place: Path, text: str) -> None:
        if request.config.getoption("--regenerate"):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
            return
        assert place.is_file(), f"{place} is missing: run 'make generated'"
        assert place.read_bytes().decode() == text

    return compare
