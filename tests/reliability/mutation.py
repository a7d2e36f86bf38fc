"""Valid input made invalid: bytes flipped, cut, repeated, swapped, and words put in that mean something."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

WORDS = [
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\r",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
    ),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e400", b"-0.0", b"9" * 400, b"0x1", b"1.1", b'"1.1"', b"[[[[[[[["),
    *(b'"dependencies"', b'"subtasks"', b'"id"', b'"status"', b'"tags"', b'"metadata"', b'"taskgraph"', b'"tasks"'),
    *(b'"__proto__"', b'"\\ud800"', b'"\\u0000"', b'"\\u202e"', b"{{ 7*7 }}", b"$(id)", b"; id", b"../../x", b"%s%n"),
    *(b"[run]", b"[[rules]]", b"retry", b"attempts", b"capacity", b"rate", b"1e9d", b"-5m", b"'''", b"#"),
]


def mutated(chance: Random, data: bytes) -> bytes:
    """One to four changes at random places."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(made) + 1)
        other = min(len(made), at + chance.choice((1, 1, 2, 8, 40, 400)))
        match chance.randrange(7):
            case 0 if at < len(made):
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                del made[at:other]
            case 2:
                made[at:at] = made[at:other]
            case 3:
                del made[at:]
            case 4 if at < len(made):
                made[at] = chance.randrange(256)
            case _:
                made[at : chance.choice((at, other))] = chance.choice(WORDS)
    return bytes(made)


VALUES: list[object] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        1.5,
        1e308,
        10**30,
        "",
        "1",
        "1.1",
        "2.1",
        "3",
        "x" * 300,
        [],
        {},
        [[]],
        [1, "1", 1.0],
    ),
    *(
        "a\nb",
        "\0",
        "\ud800",
        "\u202e",
        "{{ 7*7 }}",
        "$(id)",
        "-rf",
        "../../x",
        "P0",
        "done",
        "in-progress",
        "\uff15",
        "²",
    ),
    *({"command": "true"}, {"taskgraph": {"claims": {"db": 1}}}, {"id": 1}, {"attempts": 2, "delay": "1s"}, ["1", "2"]),
]


def altered(chance: Random, text: bytes) -> bytes:
    """Well-formed JSON still, but with other values, keys or places: what lies behind the parser gets to see it."""
    root = [json.loads(text)]
    for _ in range(chance.choice((1, 1, 2, 4))):
        holder, key = _somewhere(chance, root)
        match chance.randrange(5):
            case 0 if isinstance(holder, dict):
                holder[str(chance.choice(VALUES))[:20]] = holder.pop(key)
            case 1:
                other, at = _somewhere(chance, root)
                holder[key] = deepcopy(other[at])
            case 2 if isinstance(holder, list) and len(holder) > 1:
                holder.insert(chance.randrange(len(holder)), holder.pop(key))
            case _:
                holder[key] = deepcopy(chance.choice(VALUES))
    return json.dumps(root[0]).encode()


def _somewhere(chance: Random, root: Any) -> tuple[Any, Any]:
    """A list or an object, and one of its places, deeper ones more often."""
    holder, key = root, 0
    while (inner := holder[key]) and isinstance(inner, dict | list) and chance.random() < 0.85:
        holder, key = inner, chance.choice([*inner] if isinstance(inner, dict) else range(len(inner)))
    return holder, key
