"""How a DAG file is laid out: as formatters do where nobody configured them."""

from __future__ import annotations

from taskgraph_core.layout import Layout

LAYOUT = Layout(width=88, rows=True)


def number(value: float) -> int | float:
    """The number without a decimal point where it is whole."""
    return int(value) if value == int(value) else value
