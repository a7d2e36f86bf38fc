"""Starts programs: each leads a new session and process group, reads nothing, and prints into its log.

``posix_spawn`` takes half of the time of ``subprocess.Popen``, but it cannot change the folder, searches the PATH of
this process, and passes on every file that is not marked as ours alone. So it is used where that is all the
same, and ``Popen`` everywhere else: for another folder, another PATH, and while anything could change the
folder of this process between the look and the start.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_RESTORED = [number for name in ("SIGPIPE", "SIGXFSZ") if (number := getattr(signal, name, None)) is not None]
"""Python ignores these; a program must not."""

_STANDARD_ERROR = 2


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: arguments, the file to load, folder, whole environment and the file for its output.

    Without an executable, the first argument is looked up in the PATH of that environment.
    """

    argv: Sequence[str]
    executable: str | None
    folder: Path
    environment: Mapping[bytes, bytes]
    log: Path


class Spawner:
    """Starts programs; close it.

    ``alone`` says that nothing but the event loop can change this process's folder or open files for others
    to inherit: no thread runs anybody's code.
    """

    def __init__(self) -> None:
        self.alone = False
        self._nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._others = list(_inheritable())

    def close(self) -> None:
        """Start no more."""
        os.close(self._nothing)

    def start(self, program: Program) -> int:
        """Start a program: its number. Whoever calls waits for its end.

        Raises:
            OSError: it cannot be started; ``filename`` is the program, its folder or its log.
            ValueError: an argument or a variable cannot be given to a program.
        """
        log = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            if self.alone and _is_here(program):
                return self._spawn(program, log)
            return self._popen(program, log)
        finally:
            os.close(log)

    def _spawn(self, program: Program, log: int) -> int:
        copies = [(os.POSIX_SPAWN_DUP2, source, target) for source, target in ((self._nothing, 0), (log, 1), (log, 2))]
        return os.posix_spawnp(
            program.executable or program.argv[0],
            list(program.argv),
            program.environment,
            file_actions=[*copies, *((os.POSIX_SPAWN_CLOSE, number) for number in self._others)],
            setsid=True,
            setsigdef=_RESTORED,
        )

    def _popen(self, program: Program, log: int) -> int:
        popen = subprocess.Popen(  # noqa: S603 - running what the profile says is what this is for
            program.argv,
            executable=program.executable,
            cwd=program.folder,
            env=program.environment,
            stdin=self._nothing,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        popen.returncode = 0  # it is not waited for there
        return popen.pid


def _is_here(program: Program) -> bool:
    """Whether ``posix_spawn`` would start it in the right folder, and find the right file."""
    path = program.environment.get(b"PATH")
    if program.executable is None and (path is None or path != os.environb.get(b"PATH")):
        return False
    try:
        return os.path.samefile(program.folder, ".")  # noqa: PTH121 - a third of the time
    except OSError:
        return False


def _inheritable() -> Iterator[int]:
    """Open files beyond the standard three that programs would inherit; whoever started this process left them open."""
    with suppress(OSError):
        for place in Path("/dev/fd").iterdir():
            with suppress(OSError):
                if (number := int(place.name)) > _STANDARD_ERROR and os.get_inheritable(number):
                    yield number
