"""Text of a plan on its way into Airflow's database and pages."""

from __future__ import annotations

import re

_HALVES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without what PostgreSQL refuses: NUL is left out, a half of a character becomes U+FFFD."""
    return _HALVES.sub("\ufffd", text.replace("\0", ""))


def is_passable(text: str) -> bool:
    """Whether a program can be given the text: as an argument, in its environment, as a file's name."""
    return storable(text) == text


def shortened(text: str, limit: int) -> str:
    """A storable text of at most ``limit`` characters, with an ellipsis where something is missing."""
    text = storable(text)
    return text if len(text) <= limit else f"{text[: limit - 1]}\u2026"


def document(text: str, limit: int) -> str:
    """A documentation page. Airflow opens a page whose text ends in ``.md`` as a file, so that none does."""
    page = shortened(text.strip(), limit)
    return f"{page}\n" if page.endswith(".md") else page
