"""Writing Python values as a formatter would leave them.

A formatter need not be installed where flows are generated, and the output must not depend on
its version; this is the small part of the style that literals need: one line if it fits, else
one entry a line with a comma after the last.
"""

from __future__ import annotations

from taskgraph_core.generate import literal

WIDTH = 120
INDENT = 4


def assignment(name: str, value: list[object] | dict[str, object]) -> str:
    """``name = value`` with every entry of the value on lines of its own."""
    return f"{name} = {_spread(value, 0)}\n"


def _laid_out(value: object, indent: int, before: int) -> str:
    """The value as text that begins after ``before`` columns and is followed by a comma."""
    text = literal(value)
    if before + len(text) + 1 <= WIDTH or not isinstance(value, list | dict):
        return text
    return _spread(value, indent)


def _spread(value: object, indent: int) -> str:
    match value:
        case dict() if value:
            inner = ((f"{literal(key)}: ", item) for key, item in value.items())
            left, right = "{}"
        case list() if value:
            inner = (("", item) for item in value)
            left, right = "[]"
        case _:
            return literal(value)
    deeper = indent + INDENT
    lines = [" " * deeper + key + _laid_out(item, deeper, deeper + len(key)) + ",\n" for key, item in inner]
    return f"{left}\n{''.join(lines)}{' ' * indent}{right}"
