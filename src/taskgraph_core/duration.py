"""Durations as people write and read them: ``"1h30m"`` and 5400.0 seconds."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST = 100 * 365 * 86400.0
"""A hundred years: what is longer is a typing mistake, and more than clocks and timers can hold."""

_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)")


def parse(value: object) -> float:
    """Seconds in ``"90s"``, ``"1h30m"``, ``"250ms"`` or a plain number of seconds.

    Raises:
        ValueError: it is none of these, negative, or longer than a hundred years.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str):
        text = value.strip().lower()
        parts = _PART.findall(text)
        if not parts or _PART.sub("", text).strip():
            msg = f"{value[:40]!r} is not a duration: write it like 30s, 5m or 1h30m"
            raise ValueError(msg)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    else:
        msg = f"a duration is a number of seconds or a text like 30s, 5m or 1h30m, not {type(value).__name__}"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError, not TypeError, into a message for the user
    if not 0 <= seconds <= LONGEST:  # also refuses what is not a number, or too large to become a float
        msg = "a duration is not negative, and not longer than a hundred years"
        raise ValueError(msg)
    return float(seconds)


def human(seconds: float) -> str:
    """A duration for people, two units at most: ``420 ms``, ``4.2 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 0:
        return f"-{human(-seconds)}"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    for size, unit, small, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        whole = round(seconds / small) * small
        if whole >= size:
            large, rest = divmod(whole, size)
            return f"{large} {unit}" + (f" {rest // small} {small_unit}" if rest else "")
    return f"{seconds:.0f} s"
