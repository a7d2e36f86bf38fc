"""Files that a task says it works on: in ``relevantFiles``, or as paths in its text."""

from __future__ import annotations

import re
from typing import Any, Literal

_PATH = re.compile(r"(?<![\w/.:@-])((?:\./)?(?:\.?[\w-]{1,80}/){1,12}[\w.-]{1,80}\.[A-Za-z][A-Za-z0-9]{0,5})(?![\w/])")
_TEXT_LIMIT = 100_000


def files_named(raw: dict[str, Any]) -> dict[str, Literal["read", "write"]]:
    """Paths a raw task names, and whether it reads or writes them.

    ``relevantFiles`` says which (only ``reference`` and ``read`` are reading); a relative path
    with a folder and a suffix in the text counts as written, because that is the safe side.
    """
    found: dict[str, Literal["read", "write"]] = {}
    relevant = raw.get("relevantFiles")
    for item in relevant if isinstance(relevant, list) else ():
        if isinstance(item, dict) and isinstance(item.get("path"), str) and item["path"]:
            found[_normal(item["path"])] = "read" if item.get("action") in ("reference", "read") else "write"
    for key in ("description", "details"):
        text = raw.get(key)
        if isinstance(text, str):
            for match in _PATH.finditer(text[:_TEXT_LIMIT]):
                found.setdefault(_normal(match[1]), "write")
    return found


def _normal(path: str) -> str:
    return path.removeprefix("./")
