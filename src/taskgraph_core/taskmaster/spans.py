"""Where values stand in JSON text, and how to change list items without touching any other character.

Rewriting a file with a JSON library loses its indentation, number spelling and repeated keys.
Here only the wanted parts of the text are looked at, level by level; Python's own C scanner
steps over the rest. That is linear: every level reads each character at most once, and paths
into a plan are about eight levels deep.

All functions expect text that ``document.decode`` has accepted.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Span = tuple[int, int]
    Step = str | int
    Changes = Mapping[str, Mapping[int, Sequence[str]]]

_SPACE = re.compile(r"[ \t\n\r]*")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[(?=\")")
_SCANNER = json.JSONDecoder()


def steps_of(path: str) -> tuple[Step, ...]:
    """The keys and positions a JSON path such as ``$.master.tasks[3]`` or ``$["two words"]`` goes through.

    Raises:
        ValueError: it is no such path.
    """
    steps: list[Step] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            msg = f"{path!r} is no JSON path"
            raise ValueError(msg)
        position = step.end()
        if step[1] is not None:
            steps.append(step[1])
        elif step[2] is not None:
            steps.append(int(step[2]))
        else:
            key, end = _SCANNER.raw_decode(path, position)
            steps.append(key)
            position = end + 1
    return tuple(steps)


def value_spans(text: str, paths: Iterable[str]) -> dict[str, Span]:
    """Start and end of the value at each path; paths that lead nowhere are left out."""
    found: dict[str, Span] = {}
    work = [(_after_space(text, 0), [(path, steps_of(path)) for path in paths])]
    while work:
        start, wanted = work.pop()
        below: dict[Step, list[tuple[str, tuple[Step, ...]]]] = {}
        for path, steps in wanted:
            if steps:
                below.setdefault(steps[0], []).append((path, steps[1:]))
            else:
                found[path] = (start, _end(text, start))
        if below:
            places = _places(text, start)
            work += [(places[step], deeper) for step, deeper in below.items() if step in places]
    return found


def item_spans(text: str, start: int) -> list[Span]:
    """Start and end of each item of the list that begins at ``start``."""
    spans: list[Span] = []
    position = _after_space(text, start + 1)
    while text[position] != "]":
        end = _end(text, position)
        spans.append((position, end))
        position = _after_comma(text, end)
    return spans


def change_items(text: str, changes: Changes) -> str:
    """Replace items of lists by any number of strings, or by nothing.

    Args:
        text: valid JSON.
        changes: for the path of each list, what is to stand in place of the items at some positions.

    Raises:
        LookupError: there is no such list or item.
    """
    spans = value_spans(text, changes)
    edits: list[tuple[int, int, str]] = []
    for path, replacements in changes.items():
        start, end = spans[path]
        if text[start] != "[":
            raise LookupError(path)
        edits += _edits(text, (start, end), replacements)
    pieces: list[str] = []
    position = 0
    for start, end, replacement in sorted(edits):
        pieces += (text[position:start], replacement)
        position = end
    return "".join((*pieces, text[position:]))


def _edits(text: str, home: Span, replacements: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    """Each removed item takes a comma and the space up to its neighbour with it, so that the rest keeps its looks."""
    items = item_spans(text, home[0])
    kept = [position for position in range(len(items)) if replacements.get(position, "kept")]
    if not kept:
        yield home[0] + 1, home[1] - 1, ""
        return
    for position, strings in replacements.items():
        start, end = items[position]
        if strings:
            separator = _separator(text, home[0], items, position)
            plain = text[start:end].isascii()
            yield start, end, separator.join(json.dumps(string, ensure_ascii=plain) for string in strings)
        elif position < kept[-1]:
            yield start, items[position + 1][0], ""
    if kept[-1] < len(items) - 1:
        yield items[kept[-1]][1], items[-1][1], ""


def _separator(text: str, start: int, items: Sequence[Span], position: int) -> str:
    """What stands between items of this list, or would stand there if it had more than one."""
    if len(items) > 1:
        left = max(position - 1, 0)
        return text[items[left][1] : items[left + 1][0]]
    space = text[start + 1 : items[0][0]]
    if "\n" in space:
        return f",{space}"
    return "," if text[start - 1] == ":" else ", "


def _places(text: str, start: int) -> dict[Step, int]:
    """Where the values in a list or object begin; of a repeated key the last one, as when reading."""
    if text[start] == "[":
        return {number: span[0] for number, span in enumerate(item_spans(text, start))}
    places: dict[Step, int] = {}
    if text[start] == "{":
        position = _after_space(text, start + 1)
        while text[position] != "}":
            key, end = _SCANNER.raw_decode(text, position)
            places[key] = _after_space(text, _after_space(text, end) + 1)
            position = _after_comma(text, _end(text, places[key]))
    return places


def _end(text: str, start: int) -> int:
    return _SCANNER.raw_decode(text, start)[1]


def _after_comma(text: str, position: int) -> int:
    """Where the next item or key begins, or the bracket that closes the list or object."""
    position = _after_space(text, position)
    return _after_space(text, position + 1) if text[position] == "," else position


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
