"""Writing XML: text that stays text, and elements without a template."""

from __future__ import annotations

import html

from taskgraph_core.show.text import plain


def escaped(text: str) -> str:
    """Text for an element or a quoted attribute of XML or HTML."""
    return html.escape(plain(text))


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element. ``content`` is markup already; attributes are escaped, ``_`` in their names is written ``-``.

    A trailing ``_`` is for names that Python has taken (``class_``).
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"
