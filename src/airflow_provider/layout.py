"""Writing Python values as a formatter would leave them.

No formatter need be installed where DAGs are generated, and what is generated must not depend on
its version. This is the small part of the style that values need: on one line if that fits, else
one entry a line with a comma after each.
"""

from __future__ import annotations

from taskgraph_core.generate import literal

WIDTH = 88
"""Columns of a line: what formatters take where nobody tells them otherwise."""

_STEP = 4


def assignment(name: str, value: object) -> str:
    """``name = value``; a table is written with a line for each entry of its rows."""
    return f"{name} = {_spread(value, 0, rows=True)}\n"


def argument(name: str, value: object) -> str:
    """``name=value,`` as a line of a call, indented once."""
    return f"{' ' * _STEP}{name}={_fitted(value, _STEP, _STEP + len(name) + 1)},\n"


def number(value: float) -> int | float:
    """The number without a decimal point where it is whole."""
    return int(value) if value == int(value) else value


def _fitted(value: object, indent: int, before: int) -> str:
    """A value that begins after ``before`` columns and is followed by a comma."""
    line = literal(value)
    fits = before + len(line) + 1 <= WIDTH
    return line if fits or not isinstance(value, dict | list) else _spread(value, indent)


def _spread(value: object, indent: int, *, rows: bool = False) -> str:
    match value:
        case dict() if value:
            entries = [(f"{literal(key)}: ", item) for key, item in value.items()]
            opening, closing = "{}"
        case list() if value:
            entries = [("", item) for item in value]
            opening, closing = "[]"
        case _:
            return literal(value)
    deeper = indent + _STEP
    lines = "".join(
        f"{' ' * deeper}{key}"
        f"{_spread(item, deeper) if rows and isinstance(item, dict) else _fitted(item, deeper, deeper + len(key))},\n"
        for key, item in entries
    )
    return f"{opening}\n{lines}{' ' * indent}{closing}"
