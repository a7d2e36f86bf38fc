"""Starts the supervisor of one program, passes on to it what the engine says, and brings back its answer."""

from __future__ import annotations

import marshal
import os
import select
import signal
import subprocess
import sys
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

TICK = 0.2
"""Seconds between two looks at what the engine says."""

_HERE = __name__.partition(".")[0]
_SUPERVISOR = (
    "engine.processes.procs",
    "engine.processes.tree",
    "engine.processes.usage",
    "engine.remote.worker.supervisor",
)


class Lease(Protocol):
    """What a job knows of the engine that wants it."""

    def begin(self) -> str:
        """Ask whether to begin: ``go``, or else why not."""

    def word(self) -> str:
        """What the engine wants now: ``go``, ``stop`` or ``kill``."""

    def left(self) -> float:
        """Seconds for which the engine may be taken to live and to be in reach."""


class Ended(NamedTuple):
    """How a program ended.

    ``cannot`` says why it was not started; ``reason`` why it was ended: ``stopped``, ``lost``, or nothing.
    """

    cannot: str = ""
    code: int | None = None
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    reason: str = ""
    gone: bool = True
    output: bytes = b""


def run_program(
    argv: Sequence[str],
    executable: str | None,
    folder: str,
    environment: dict[bytes, bytes],
    *,
    lease: Lease,
    grace: float,
    limit: int,
) -> Ended:
    """Run a program under a supervisor to the end of all it started.

    Raises:
        OSError: no supervisor can be started.
        RuntimeError: the supervisor broke down; its program was killed.
    """
    order = {
        "argv": list(argv),
        "executable": executable,
        "folder": folder,
        "environment": environment,
        "lease": lease.left(),
        "grace": grace,
        "limit": limit,
    }
    with tempfile.TemporaryDirectory(prefix="taskgraph-") as scratch:
        place = Path(scratch) / "order"
        place.write_bytes(marshal.dumps(order))
        function, arguments = "engine.remote.worker.supervisor:main", (str(place),)
        start = child(Path(scratch) / "code", _SUPERVISOR, function, arguments, isolated=True)
        with subprocess.Popen(  # noqa: S603 - our own supervisor
            start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        ) as supervisor:
            answer = _converse(supervisor, lease)
    pid, found = int.from_bytes(answer[:8], "little"), answer[8:]
    try:
        told: dict[str, Any] = marshal.loads(found)  # noqa: S302 - from our own supervisor
    except (EOFError, ValueError, TypeError) as error:
        if pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        msg = "the process that watched over the program was ended, and so was the program"
        raise RuntimeError(msg) from error
    if "cannot" in told:
        return Ended(cannot=told["cannot"])
    code, cpu_seconds, peak_memory = told["exit"]
    return Ended("", code, cpu_seconds, peak_memory, told["reason"], told["gone"], told["output"])


def child(
    place: Path, modules: Sequence[str], function: str, arguments: tuple[Any, ...], *, isolated: bool = False
) -> list[str]:
    """Arguments that start a Python which calls ``function`` of our package.

    Args:
        place: a file to write the package to, compiled as it is for this very Python.
        modules: which of the package are needed.
        function: ``module:function`` in it.
        arguments: what ``marshal`` knows.
        isolated: do without installed packages, which take time to look for.
    """
    text, codes = sys.modules[_HERE].__dict__["content"]
    content = zlib.compress(marshal.dumps((text, [one for one in codes if one[0] in modules])), 0)
    place.write_bytes(marshal.dumps((_HERE, content, function, *arguments)))
    start = f"{text}\nwith open(sys.argv[1], 'rb') as call:\n    sys.exit(enter(*marshal.load(call)))\n"
    return [sys.executable, *(("-I", "-S") if isolated else ()), "-c", start, str(place)]


def _converse(supervisor: subprocess.Popen[bytes], lease: Lease) -> bytes:
    """Pass on words until the supervisor has answered. Whatever breaks this off closes the pipe, which kills."""
    if supervisor.stdin is None or supervisor.stdout is None:
        msg = "no pipes"
        raise RuntimeError(msg)
    handle = supervisor.stdout.fileno()
    readable = select.poll()
    readable.register(handle, select.POLLIN)
    answer = bytearray()
    try:
        while True:
            if readable.poll(TICK * 1000):
                piece = os.read(handle, 65_536)
                if not piece:
                    return bytes(answer)
                answer += piece
            else:
                line = f"{lease.word()} {max(0.0, lease.left()):.3f}\n"
                with suppress(BrokenPipeError):
                    supervisor.stdin.write(line.encode())
                    supervisor.stdin.flush()
    finally:
        with suppress(BrokenPipeError):
            supervisor.stdin.close()
