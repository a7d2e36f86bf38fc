"""A disk that forgets what was not synced: what is on it after a power failure, from the system calls made until then.

Each file is what the writes made of it; what a sync of the file had seen is safe. Of later writes a machine that goes
down may have kept any, in any order, in pieces of a sector. Names are kept as strictly: a file, a folder or a new name
of one is there for certain only once the folder it is in was synced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from reliability.tracing import Call

SECTOR = 512
Change = tuple[int, bytes | None]
"""Bytes from an offset on; or, without bytes, a cut at that offset."""


@dataclass
class File:
    """What is safe, and what was done since."""

    safe: bytes = b""
    since: list[Change] = field(default_factory=list)

    def now(self) -> bytes:
        return _changed(self.safe, self.since)

    def after_failure(self, chance: Random | None) -> bytes:
        """What is left: only what is safe, or with some of the rest."""
        kept: list[Change] = []
        for at, data in self.since if chance is not None else ():
            pieces = [(at, None)] if data is None else _sectors(at, data)
            kept += [piece for piece in pieces if chance is not None and chance.random() < 0.5]
        return _changed(self.safe, kept)


@dataclass
class Disk:
    """Files and folders by path; ``names`` are those whose folder was synced since they came into being."""

    files: dict[str, File] = field(default_factory=dict)
    names: dict[str, File] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    safe_folders: set[str] = field(default_factory=set)

    def follow(self, call: Call) -> None:  # noqa: C901 - one case for each call
        """Take one system call into account."""
        if call.result < 0:
            return
        match call.name:
            case "openat" if "O_CREAT" in call.number or "O_TRUNC" in call.number:
                file = self.files.setdefault(call.path, File())
                if "O_TRUNC" in call.number:
                    file.since.append((0, None))
            case "write" if call.path in self.files:  # ours are written from start to end
                file = self.files[call.path]
                file.since.append((len(file.now()), call.text))
            case "pwrite64" if call.path in self.files:
                self.files[call.path].since.append((int(call.number), call.text))
            case "ftruncate" if call.path in self.files:
                self.files[call.path].since.append((int(call.number), None))
            case "rename":
                self.files[_beside(call.path, call.text.decode())] = self.files.pop(call.path)
            case "unlink":
                self.files.pop(call.path, None)
            case "mkdir":
                self.folders.add(call.path)
            case "fsync" | "fdatasync":
                self._sync(call.path)

    def _sync(self, path: str) -> None:
        if path in self.files:
            file = self.files[path]
            file.safe, file.since = file.now(), []
            return
        inside = {name: file for name, file in self.files.items() if _folder(name) == path}
        gone = {name for name in self.names if _folder(name) == path} - inside.keys()
        self.names = {name: file for name, file in self.names.items() if name not in gone} | inside
        self.safe_folders |= {one for one in self.folders if _folder(one) == path}

    def after_failure(self, chance: Random | None = None) -> dict[str, bytes]:
        """What is left of every file that can be found; with chance, also some of what was not safe."""
        names = self.names if chance is None or chance.random() < 0.5 else self.names | self.files
        lost = self.folders - self.safe_folders
        found = {}
        for name, file in names.items():
            if not any(str(parent) in lost for parent in PurePosixPath(name).parents):
                found[name] = file.after_failure(chance)
        return found


def _changed(start: bytes, changes: list[Change]) -> bytes:
    made = bytearray(start)
    for at, data in changes:
        if data is None:
            del made[at:]
        else:
            made += bytes(max(0, at - len(made)))
            made[at : at + len(data)] = data
    return bytes(made)


def _sectors(at: int, data: bytes) -> list[Change]:
    """A write in the pieces in which a disk keeps it or not."""
    cuts = [0, *range(SECTOR - at % SECTOR, len(data), SECTOR), len(data)]
    return [(at + first, data[first:last]) for first, last in pairwise(cuts) if last > first]


def _beside(path: str, name: str) -> str:
    """Where a file is moved to: ours are only ever renamed inside their folder."""
    return str(PurePosixPath(path).with_name(PurePosixPath(name).name))


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)
