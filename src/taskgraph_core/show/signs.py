"""The sign of each status as a drawing, 12 pixels wide around (0, 0): told apart by shape, not only by colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.show.markup import element

if TYPE_CHECKING:
    from taskgraph_core.ir import Status

_RING = '<circle class="sign" r="5"/>'
_DISC = '<circle class="sign full" r="5"/>'

_SHAPES: dict[Status, str] = {
    "pending": _RING,
    "in-progress": _RING + '<path class="full" d="M0-3A3 3 0 0 1 0 3Z"/>',
    "review": _RING + '<circle class="full" r="2"/>',
    "done": _DISC + '<path class="tick" d="M-2.4.2L-.7 1.9 2.4-1.6"/>',
    "deferred": '<circle class="sign" r="5" stroke-dasharray="2.2 1.8"/>',
    "blocked": _DISC + '<path class="tick" d="M-2.6 0H2.6"/>',
    "cancelled": _RING + '<path class="sign" d="M-2-2L2 2M2-2L-2 2"/>',
}


def sign(status: Status, x: float, y: float) -> str:
    """The sign at a place; its colour comes from the element it stands in."""
    return element("g", _SHAPES[status], transform=f"translate({x:g} {y:g})")
