"""Writing Python values as a formatter would leave them.

No formatter need be installed where code is generated, and what is generated must not depend on
its version. This is the small part of the style that values need: on one line if that fits, else
one entry a line with a comma after each.
"""

from __future__ import annotations

from dataclasses import dataclass

from taskgraph_core.generate import literal

_STEP = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """How values are laid out: columns of a line, and whether each entry of a table's rows gets a line of its own."""

    width: int
    rows: bool = False

    def assignment(self, name: str, value: object) -> str:
        """``name = value``, with every entry of the value on a line of its own."""
        return f"{name} = {self._spread(value, 0, rows=self.rows)}\n"

    def argument(self, name: str, value: object) -> str:
        """``name=value,`` as a line of a call, indented once."""
        return f"{' ' * _STEP}{name}={self._fitted(value, _STEP, _STEP + len(name) + 1)},\n"

    def _fitted(self, value: object, indent: int, before: int) -> str:
        """A value that begins after ``before`` columns and is followed by a comma."""
        line = literal(value)
        fits = before + len(line) + 1 <= self.width
        return line if fits or not isinstance(value, dict | list | tuple) else self._spread(value, indent)

    def _spread(self, value: object, indent: int, *, rows: bool = False) -> str:
        match value:
            case dict() if value:
                entries = [(f"{literal(key)}: ", item) for key, item in value.items()]
                opening, closing = "{}"
            case list() if value:
                entries = [("", item) for item in value]
                opening, closing = "[]"
            case tuple() if value:
                entries = [("", item) for item in value]
                opening, closing = "()"
            case _:
                return literal(value)
        deeper = indent + _STEP
        lines = []
        for key, item in entries:
            a_row = rows and isinstance(item, dict)
            text = self._spread(item, deeper) if a_row else self._fitted(item, deeper, deeper + len(key))
            lines.append(f"{' ' * deeper}{key}{text},\n")
        return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"
