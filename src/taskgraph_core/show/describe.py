"""What a task does and uses, and how much there is, in a few words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskgraph_core.ir import Claim, Command, Noop, Python, Wait
    from taskgraph_core.show.picture import Picture


def claim_words(claim: Claim) -> str:
    """``db x 2`` (with a times sign), ``reads file:a`` or ``writes file:a``."""
    if claim.mode == "slots":
        return claim.resource if claim.slots == 1 else f"{claim.resource} \N{MULTIPLICATION SIGN} {claim.slots}"
    return f"{claim.mode}s {claim.resource}"


def action_words(action: Command | Python | Wait | Noop) -> str:
    """The command line, the function called, what is waited for; empty if it does nothing."""
    match action.kind:
        case "command":
            return action.shell or shlex.join(action.argv)
        case "python":
            return f"calls {action.entry_point}"
        case "wait":
            return f"waits for {action.what}: {action.target}"
        case "noop":
            return ""


def counts(picture: Picture) -> str:
    """``75 tasks, 59 arrows``."""
    return f"{counted(len(picture.graph.tasks), 'task')}, {counted(len(picture.edges), 'arrow')}"


def counted(number: int, noun: str) -> str:
    """``1 task`` or ``75 tasks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def left_out_words(picture: Picture) -> str:
    """That edges are missing from the picture, and how many; empty if none are."""
    return f"Dependencies that follow from others are not drawn ({picture.left_out})." if picture.left_out else ""
