"""How wide text will be in a font nobody has told us, and how it breaks into lines.

An SVG knows no line breaks, so they are made here. Widths are in ems, a little more than those of
the usual sans-serif fonts: better a word on the next line than one across the border. What belongs
to one sign (accents, joined emoji, flags) is never cut in two.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_NARROW = frozenset("iljtfrI.,:;'|!()[]{}`/\\-\" ")
_BROAD = frozenset("mwMW@%&<>=+~#_")
_MOST = 1_000
"""Characters of a text that are looked at: no picture shows more."""

_WORDS = re.compile(r"\s+|\S+")


def width(text: str) -> float:
    """The estimated width of one line, in ems."""
    return sum(_sign_width(sign) for sign in _signs(text))


def wrap(text: str, room: float, lines: int, *, taken: float = 0.0) -> list[str]:
    """At most so many lines, none wider than ``room`` ems, the first less by ``taken``; an ellipsis ends a cut."""
    pieces = _pieces(text[:_MOST])
    rows: list[str] = []
    while pieces and len(rows) < lines - 1:
        row, pieces = _line(pieces, room if rows else room - taken)
        rows.append(row)
    if pieces:
        rows.append(fitted("".join(pieces).strip(), room if rows else room - taken))
    return rows


def _line(pieces: list[str], room: float) -> tuple[str, list[str]]:
    """As many pieces as fit, or the beginning of one that is too long for any line; and the rest."""
    row = ""
    for number, piece in enumerate(pieces):
        if width((row + piece).rstrip()) <= room:
            row += piece
        elif row:
            return row.strip(), pieces[number:]
        else:
            head = _beginning(piece, room)
            return head, [piece[len(head) :], *pieces[number + 1 :]]
    return row.strip(), []


def fitted(text: str, room: float) -> str:
    """One line, cut with an ellipsis where it would be wider than ``room`` ems."""
    text = text[:_MOST]
    if width(text) <= room:
        return text
    return _beginning(text, room - _sign_width("…")).rstrip() + "…"


def _beginning(text: str, room: float) -> str:
    """The most signs that fit, at least one."""
    taken: list[str] = []
    used = 0.0
    for sign in _signs(text):
        used += _sign_width(sign)
        if used > room and taken:
            break
        taken.append(sign)
    return "".join(taken)


def _pieces(text: str) -> list[str]:
    """Words with the space after them; scripts that write without spaces may break between signs."""
    pieces: list[str] = []
    for found in _WORDS.findall(text):
        if found.isspace():
            if pieces:
                pieces[-1] += " "
        elif found.isascii():
            pieces.append(found)
        else:
            word = ""
            for sign in _signs(found):
                if _sign_width(sign) >= 1:
                    pieces += [word, sign] if word else [sign]
                    word = ""
                else:
                    word += sign
            pieces += [word] if word else []
    return pieces


def _signs(text: str) -> list[str]:
    """What is seen as one sign each, near enough to Unicode's grapheme clusters (UAX 29)."""
    if text.isascii():
        return list(text)
    signs: list[str] = []
    for letter in text:
        joined = signs and (
            unicodedata.category(letter)[0] == "M"
            or letter in "\u200c\u200d"
            or "\U0001f3fb" <= letter <= "\U0001f3ff"
            or signs[-1][-1] == "\u200d"
            or (_is_flag_half(letter) and len(signs[-1]) == 1 and _is_flag_half(signs[-1]))
        )
        if joined:
            signs[-1] += letter
        else:
            signs.append(letter)
    return signs


def _is_flag_half(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


@cache
def _sign_width(sign: str) -> float:
    first = sign[0]
    if first in _NARROW:
        return 0.37
    if first in _BROAD:
        return 0.95
    if first.isascii():
        return 0.72 if first.isupper() else 0.61
    if unicodedata.east_asian_width(first) in "WF" or _is_flag_half(first) or "\ufe0f" in sign:
        return 1.25 if len(sign) > 1 or first >= "\U0001f000" else 1.02
    return 0.7
