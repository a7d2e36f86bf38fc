"""Compiled DAGs, kept where nobody but their user can write: what lies here is executed.

    <folder>/<key>.dag      32 bytes: sha256 of the key and the rest; then the marshalled code and its warnings

A folder that belongs to somebody else, that others may look into, that is a link or lies where everybody can write
is not used, neither is an entry whose digest is not right. Entries are written beside their place and moved there,
so that any number of processes may do so at once. Old entries are removed when one is added.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    Entry = tuple[CodeType, tuple[str, ...]]
    """The code of a DAG file, and what its plan was warned of."""

LARGEST = 256 * 1024 * 1024
"""Bytes that all entries may take together; the one used longest ago goes first."""

OLDEST = 30 * 24 * 3600
"""Seconds after which an entry that nobody used goes."""

_SUFFIX = ".dag"
_NOTED_EVERY = 3600
_DIGEST = 32


def folders() -> tuple[str, ...]:
    """Where entries may be kept, best first: in Airflow's home, or among the user's caches."""
    airflow = os.environ.get("AIRFLOW_HOME") or "~/airflow"
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    homes = map(os.path.expanduser, (airflow, caches))
    return tuple(os.path.join(home, "taskgraph-dags") for home in homes if os.path.isabs(home))  # noqa: PTH117, PTH118


def read(key: str) -> Entry | None:
    """The entry of a key; None if there is none, or it is not as it was written."""
    for path in folders():
        try:
            with _opened(path) as folder:
                data = _bytes(folder, key)
        except OSError:
            continue
        content = memoryview(data)[_DIGEST:]
        if data[:_DIGEST] == _digest(key, content):
            entry: Entry = marshal.loads(content)  # noqa: S302 - nobody else could write it
            return entry
    return None


def write(key: str, entry: Entry) -> bool:
    """Keep an entry; whether there was a place for it."""
    content = marshal.dumps(entry)
    for path in folders():
        try:
            os.makedirs(path, 0o700, exist_ok=True)  # noqa: PTH103
            with _opened(path) as folder:
                _replace(folder, f"{key}{_SUFFIX}", _digest(key, content) + content)
                _prune(folder)
        except OSError:
            continue
        return True
    return False


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """A descriptor of a folder that is the user's alone; whatever is put in its place later changes nothing.

    Raises:
        OSError: there is none, or others have a hand in it.
    """
    if os.stat(os.path.dirname(path)).st_mode & stat.S_IWOTH:  # noqa: PTH116, PTH120
        raise PermissionError(path)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        about = os.fstat(folder)
        if about.st_uid != os.geteuid() or stat.S_IMODE(about.st_mode) & 0o077:
            raise PermissionError(path)
        yield folder
    finally:
        os.close(folder)


def _bytes(folder: int, key: str) -> bytes:
    """The bytes of an entry, whose use is noted in its time, now and then."""
    handle = os.open(f"{key}{_SUFFIX}", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    with os.fdopen(handle, "rb") as stream:
        if time.time() - os.fstat(handle).st_mtime > _NOTED_EVERY:
            with suppress(OSError):  # a disk that is full, or may only be read
                os.utime(handle)
        return stream.read()


def _digest(key: str, content: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(content)
    return digest.digest()


def _replace(folder: int, name: str, data: bytes) -> None:
    temporary = f"{os.urandom(8).hex()}{_SUFFIX}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def _prune(folder: int) -> None:
    """Remove what is too old or too much, the newest last; another process may be at it as well."""
    now, total = time.time(), 0
    entries = []
    for name in os.listdir(folder):
        if name.endswith(_SUFFIX):
            with suppress(FileNotFoundError):
                about = os.stat(name, dir_fd=folder, follow_symlinks=False)
                entries.append((about.st_mtime, about.st_size, name))
    for used, size, name in sorted(entries, reverse=True):
        total += size
        if total > LARGEST or now - used > OLDEST:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
