"""Text of a plan on its way into Airflow's database and pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HALVES = re.compile("[\ud800-\udfff]")
# What Airflow's pages make a link of without any mark: addresses and e-mail addresses.
_ADDRESS = re.compile(r"(?:(?:https?://|www\.)\S*|\S+@\S*)[^\s.,;:!?'\")]", re.IGNORECASE)
_MARKUP = re.compile(r"[\\`*_\[\]<>~|&#]")
# Markdown takes what stands so far to the right for a listing.
_INDENTED = re.compile(r"[ \t]{4,}|\t")


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


def inert(text: str) -> str:
    """Markdown that shows the text as it is: no links, no images, no HTML, no emphasis.

    Lists and paragraphs stay what they look like; addresses are set as code, or pages would make links of them.
    """
    text = _INDENTED.sub("   ", text)
    parts: list[str] = []
    end = 0
    for address in _ADDRESS.finditer(text):
        parts += [_escaped(text[end : address.start()]), _code(address[0])]
        end = address.end()
    return "".join([*parts, _escaped(text[end:])])


def document(sections: Mapping[str, str], links: Mapping[str, str], limit: int) -> str:
    """A documentation page in Markdown, of at most ``limit`` characters of each section.

    Args:
        sections: texts by their titles; the first one may have none. Empty ones are left out.
        links: addresses by what they are called.
        limit: longest section, in characters.
    """
    pages = [
        f"**{title}**\n\n{shown}" if title else shown
        for title, text in sections.items()
        if (shown := inert(shortened(text.strip(), limit)))
    ]
    if links:
        pages.append("\n".join(f"- {_link(name, url)}" for name, url in links.items()))
    page = "\n\n".join(pages)
    # Airflow opens a page whose text ends in ".md" as a file.
    return f"{page}\n" if page.endswith(".md") else page


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def _code(text: str) -> str:
    """A span of code, between more backticks than the text has in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"


def _link(name: str, url: str) -> str:
    return f"[{inert(shortened(' '.join(name.split()), 200))}](<{url.replace('&', '&amp;')}>)"
