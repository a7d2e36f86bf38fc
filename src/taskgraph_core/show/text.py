"""Text from a plan, made fit to be shown: nothing in it can move the cursor, turn a line around or hide.

Titles come from people and AI tools. Raw, an ESC sequence rewrites the terminal, a direction mark
reorders a line, and XML forbids most control characters even as references. What only takes no
room is removed; what does something is replaced by a visible mark, so that nobody wonders where
it went. The two joiners stay between characters of scripts and emoji that need them.
"""

from __future__ import annotations

import re

_LINES = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_HIDDEN = re.compile(
    r"[\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u3164\ufe00-\ufe0e\ufeff\uffa0\U000e0000-\U000e0fff]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_ACTIVE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2065-\u206f\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\ufdd0-\ufdef"
    + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
    + "]"
)


def plain(text: str) -> str:
    """One line of text that is safe to print and legal in XML; markup still has to be escaped."""
    if text.isascii() and text.isprintable():
        return text
    return _ACTIVE.sub("\ufffd", _HIDDEN.sub("", _LINES.sub(" ", text)))


def plain_lines(text: str) -> str:
    """The same for text of several lines: every kind of line break becomes a newline, tabs become spaces."""
    return "\n".join(plain(line) for line in text.splitlines())


def clipped(text: str, most: int = 80) -> str:
    """One safe line of at most so many characters, the last of them an ellipsis if some were cut."""
    line = plain(text[: 4 * most + 4])
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
