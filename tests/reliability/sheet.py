"""The score-sheet: in each row how often something was tried, and what must never have happened."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 5
"""Most violations a failing row shows."""


@dataclass
class Row:
    """Filled in by its test; ``check`` fails the test unless every zero is one."""

    code: str
    title: str
    counts: dict[str, int] = field(default_factory=dict)
    zeros: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def count(self, what: str, number: int = 1) -> None:
        """Something was tried so many times."""
        self.counts[what] = self.counts.get(what, 0) + number

    def zero(self, what: str, found: Iterable[str] = ()) -> None:
        """What must not happen, and where it did."""
        self.zeros.setdefault(what, []).extend(found)

    def note(self, text: str) -> None:
        """A number that is a bound rather than a zero, or a part that could not be tried here."""
        self.notes.append(text)

    @property
    def good(self) -> bool:
        """Whether something was tried and nothing was found."""
        return bool(self.zeros) and not any(self.zeros.values())

    def check(self) -> None:
        """Fail with the first violations of each kind."""
        self.seconds = time.monotonic() - self.began
        found = [f"{what}: {place}" for what, places in self.zeros.items() for place in places[:SHOWN]]
        assert self.good, "\n".join([self.line(), *found])

    def line(self) -> str:
        """The row in words."""
        counts = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        zeros = ", ".join(f"{len(places)} {what}" for what, places in self.zeros.items())
        return f"{self.code:<4} {self.title}: " + "; ".join(part for part in (counts, zeros, *self.notes) if part)


@dataclass
class Sheet:
    """All rows of a session; ``full`` if everything is to be tried, rather than a sample."""

    full: bool = False
    rows: list[Row] = field(default_factory=list)

    def row(self, code: str, title: str) -> Row:
        """Begin a row."""
        self.rows.append(Row(code, title))
        return self.rows[-1]

    def table(self) -> list[str]:
        """All rows, in the order of their numbers."""
        ordered = sorted(self.rows, key=lambda row: (len(row.code), row.code))
        lines = [f"{'ok' if row.good else 'BAD':<4} {row.line()} ({row.seconds:.0f} s)" for row in ordered]
        return [*lines, "None in N trials means at most 3/N with 95 % confidence, not never."]
