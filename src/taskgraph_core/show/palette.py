"""How each status and priority looks, in every picture: never by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.ir import Priority, Status


@dataclass(frozen=True, slots=True)
class Look:
    """A sign one cell wide for the terminal, a colour for light and one for dark ground, and rich's own style."""

    sign: str
    light: str
    dark: str
    style: str


STATUSES: dict[Status, Look] = {
    "pending": Look("○", "#6b7280", "#9ca3af", "default"),
    "in-progress": Look("◐", "#2563eb", "#60a5fa", "blue"),
    "review": Look("◎", "#7c3aed", "#a78bfa", "magenta"),
    "done": Look("●", "#15803d", "#4ade80", "green"),
    "deferred": Look("◌", "#a16207", "#facc15", "yellow"),
    "blocked": Look("■", "#dc2626", "#f87171", "red"),
    "cancelled": Look("×", "#9ca3af", "#6b7280", "bright_black"),  # noqa: RUF001 - a cross that every font has
}

PRIORITIES: dict[Priority, str] = {"critical": "▲▲", "high": "▲", "medium": "", "low": "▽"}
