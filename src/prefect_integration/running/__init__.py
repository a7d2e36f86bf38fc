"""What a generated flow calls while it runs; needs Prefect.

``run_table`` and ``main`` are what generated files import from here, and stay. They are looked up
when they are asked for, because most modules here have other uses and need no Prefect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect_integration.running.run import run_table
    from prefect_integration.running.script import main

__all__ = ["main", "run_table"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as a module answers
    if name == "main":
        from prefect_integration.running.script import main  # noqa: PLC0415 - see above

        return main
    if name == "run_table":
        from prefect_integration.running.run import run_table  # noqa: PLC0415 - see above

        return run_table
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
