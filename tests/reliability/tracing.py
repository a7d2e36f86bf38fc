"""What an engine asks of the system, watched and made to fail by ``strace``.

Only the engine's main thread is watched, not the programs it starts nor the thread that syncs now and then.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "mkdir")
_LINE = re.compile(r"(\w+)\((.*)\) += (-?\d+)(.*)")
_FILE = re.compile(r"(\d+)<(.*?)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HEX = re.compile(r"\\x([0-9a-f]{2})")


@cache
def why_not() -> str:
    """Why nothing can be traced here; empty if it can."""
    strace = shutil.which("strace")
    if strace is None:
        return "there is no strace"
    tried = subprocess.run([strace, "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if not tried.returncode else "strace may not trace here"


needs_strace = pytest.mark.skipif(bool(why_not()), reason=why_not())


@dataclass(frozen=True)
class Call:
    """One system call: which of its name it was, on what file, with what text and number, and how it ended.

    ``text`` is what was written, or the second name of a ``rename`` as it was given; ``number`` is where, how long, or
    how to open it.
    """

    name: str
    ordinal: int
    path: str
    text: bytes
    number: str
    result: int
    injected: bool


def tracer(trace: Path, *inject: str) -> tuple[str, ...]:
    """What to start an engine with."""
    watched = ("-e", f"trace={','.join(CALLS)}", *(word for one in inject for word in ("-e", f"inject={one}")))
    return ("strace", "-qq", "-y", "-xx", "-s", "1000000", "-o", str(trace), *watched)


def calls(trace: Path) -> Iterator[Call]:
    """What was asked for, in order, by an engine that was started in the folder of the trace."""
    ordinals = dict.fromkeys(CALLS, 0)
    for line in trace.read_text().splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, arguments, result, rest = found.groups()
        ordinals[name] += 1
        texts = [_bytes(text) for text in _TEXT.findall(arguments)]
        file = _FILE.match(arguments)
        path = _bytes(file[2]).decode() if file else str(trace.parent / texts.pop(0).decode())
        number = arguments.rpartition(", ")[2] if not name.startswith("open") else arguments
        text = texts[0] if texts else b""
        yield Call(name, ordinals[name], path, text, number, int(result), "INJECTED" in rest)


def _bytes(text: str) -> bytes:
    return bytes.fromhex("".join(_HEX.findall(text)))
