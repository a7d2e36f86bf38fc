"""What a function returned, as far as a record can hold it."""

from __future__ import annotations

import json

LIMIT = 64 * 1024
"""Most bytes of JSON text that are kept of one result: a record is no place for data."""

DEEPEST = 100
"""Most lists and objects inside each other: readers of JSON give up somewhere above that."""


def kept(value: object) -> object:
    """A value as it reads when it comes back from JSON: nothing that changes later, and the same after a resume.

    Raises:
        ValueError: it cannot be kept; the message says why.
    """
    if value is None:
        return None
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
        found: object = json.loads(text)
    except Exception as error:
        msg = f"JSON cannot hold it ({type(error).__name__})"
        raise ValueError(msg) from error
    if size > LIMIT:
        msg = f"as JSON it has {size} bytes, and no more than {LIMIT} are kept"
        raise ValueError(msg)
    if _deeper_than(found, DEEPEST):
        msg = f"it is nested more than {DEEPEST} deep"
        raise ValueError(msg)
    return found


def note(error: ValueError) -> str:
    """The line of a log that says why a value was not kept."""
    return f"taskgraph: what the function returned is not kept: {error}\n"


def _deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return not levels or any(_deeper_than(one, levels - 1) for one in value.values())
    if isinstance(value, list):
        return not levels or any(_deeper_than(one, levels - 1) for one in value)
    return False
