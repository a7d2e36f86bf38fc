from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prefect_integration.local.settings import SERVER, server_file

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = Path(__file__).parents[3] / "docs" / "prefect-server.env"


def test_the_file_of_the_documentation_is_what_our_own_servers_run_with(golden: Callable[[Path, str], None]) -> None:
    golden(FILE, server_file())


def test_the_file_sets_every_setting_once_and_nothing_else() -> None:
    lines = [line for line in server_file().splitlines() if line and not line.startswith("#")]

    assert sorted(lines) == sorted(f"{name}={value}" for name, value in SERVER.items())
