"""One program on a worker, and the process that watches over it.

It is a process of its own so that the program does not outlive its worker: when the worker dies, however it does,
the pipe to it closes. It has one more line of defence, the lease: the worker says again and again how long the engine
may be taken to live. When the pipe closes or the lease runs out, everything that belongs to the program is killed
at once, because the engine may start it somewhere else from then on.

What the worker says are lines: ``go 12.5`` (seconds of lease left), ``stop 12.5`` (end it, with grace) and ``kill 0``.
"""

from __future__ import annotations

import marshal
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from taskgraph_core.engine.processes import procs
from taskgraph_core.engine.processes.tree import Census, Tree
from taskgraph_core.engine.processes.usage import Exit, wait_for

KILL_PATIENCE = 5.0
"""Seconds that what was killed gets to vanish."""

LEFT_OUT = b"\n[taskgraph: the middle of the output is left out]\n"

_LAST_WORDS = 0.3
"""Seconds to read on when the program has ended: a service that it left running may hold its output open for ever."""

_FIRST_LOOK, _LAST_LOOK = 0.002, 0.1


class Output:
    """The start and the end of what was printed, ``limit`` bytes together."""

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._start = bytearray()
        self._end = bytearray()
        self._cut = False

    def add(self, piece: bytes) -> None:
        """One more piece."""
        room = self._half - len(self._start)
        self._start += piece[:room]
        self._end += piece[room:]
        if len(self._end) > 2 * self._half:
            self._shorten()

    def text(self) -> bytes:
        """What is kept."""
        if len(self._end) > self._half:
            self._shorten()
        return bytes(self._start + (LEFT_OUT if self._cut else b"") + self._end)

    def _shorten(self) -> None:
        self._cut = True
        del self._end[: -self._half]


class Supervisor:
    """Watches over one program from its start to the end of all it started.

    Args:
        pid: the program, which leads a session of its own.
        environment: what it was given.
        lease: seconds until the worker must have been heard.
        grace: seconds between TERM and KILL.
    """

    def __init__(self, pid: int, environment: dict[bytes, bytes], lease: float, grace: float) -> None:
        self.exit: Exit | None = None
        self.reason = ""
        self._pid = pid
        self._tree = Tree(pid, procs.birth(pid), environment)
        self._census = Census()
        self._lease_ends = time.monotonic() + lease
        self._grace = grace
        self._at_once = False
        self._news: queue.SimpleQueue[tuple[str, float] | Exit] = queue.SimpleQueue()

    def hear(self, word: str, seconds: float = 0.0) -> None:
        """Pass on what the worker said; from any thread."""
        self._news.put((word, seconds))

    def ended(self, how: Exit) -> None:
        """Pass on that the program itself ended; from any thread."""
        self._news.put(how)

    def to_the_end(self) -> bool:
        """Watch until nothing is left; whether that could be reached."""
        while self.exit is None and not self.reason:
            self._listen(max(0.0, self._lease_ends - time.monotonic()))
        strays = self.exit is None or self.exit.code != 0 or bool(self.reason)
        return self._end(strays=strays)

    def _listen(self, seconds: float) -> None:
        try:
            news = self._news.get(timeout=seconds)
        except queue.Empty:
            pass
        else:
            if isinstance(news, Exit):
                self.exit = news
            else:
                self._heed(*news)
        if time.monotonic() >= self._lease_ends:
            self._lost()

    def _heed(self, word: str, seconds: float) -> None:
        match word:
            case "go":
                self._lease_ends = time.monotonic() + seconds
            case "stop":
                self._lease_ends = time.monotonic() + seconds
                self.reason = self.reason or "stopped"
            case "kill":
                self._at_once = True
                self.reason = self.reason or "stopped"
            case _:
                self._lost()

    def _lost(self) -> None:
        if self.exit is None:
            self.reason = "lost"
        self._at_once = True

    def _end(self, *, strays: bool) -> bool:
        if not strays and not self._has_group():
            return True
        if not self._at_once:
            self._find(signal.SIGTERM, strays=strays)
        return self._vanishes(self._grace, strays=strays) or self._vanishes(
            KILL_PATIENCE, signal.SIGKILL, strays=strays
        )

    def _vanishes(self, seconds: float, number: signal.Signals | None = None, *, strays: bool) -> bool:
        """Look at growing intervals: nobody tells when the last process of a tree ends."""
        deadline = time.monotonic() + seconds
        pause = _FIRST_LOOK
        while self._find(number, strays=strays) or self.exit is None:
            if time.monotonic() >= deadline or (self._at_once and number is None):
                return False
            self._listen(pause)
            pause = min(2 * pause, _LAST_LOOK)
        return True

    def _find(self, number: signal.Signals | None, *, strays: bool) -> bool:
        snapshot = self._census.since(time.monotonic())
        if strays:
            # A clean look is confirmed: between two programs, a process has no environment for a moment.
            found = self._tree.members(snapshot) or self._tree.members(self._census.since(time.monotonic()))
        else:
            found = [one for one in snapshot.processes if one.group == self._pid]
        if number is not None:
            self._signal_group(number)
            for one in found:
                if one.group != self._pid:
                    procs.send(one, number)
        return bool(found) or (not procs.SEEN and self._has_group())

    def _has_group(self) -> bool:
        return self._signal_group(0)

    def _signal_group(self, number: int) -> bool:
        try:
            os.killpg(self._pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # a member runs as somebody else
            pass
        return True


def main(place: str) -> None:
    """Carry out the order in a file; the answer goes to standard output: the program's number, then how it ended.

    Ray kills the children of a worker that it ends, but not theirs: so the watching is done by a child of this one.
    """
    if watching := os.fork():
        os.waitpid(watching, 0)
        os._exit(0)
    with open(place, "rb") as stream:  # noqa: PTH123 - pathlib takes a tenth of the time that this process takes to start
        order: dict[str, Any] = marshal.load(stream)  # noqa: S302 - written by the worker just now
    readable, writable = os.pipe()
    environment = order["environment"]
    try:
        popen = subprocess.Popen(  # noqa: S603 - running what the profile says is what this is for
            order["argv"],
            executable=order["executable"],
            cwd=order["folder"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=writable,
            stderr=writable,
            start_new_session=True,
        )
    except OSError as error:
        reason = f"{error.strerror}: {error.filename!r}" if error.filename else str(error.strerror)
        _answer(0, {"cannot": reason})
    except ValueError as error:
        _answer(0, {"cannot": str(error)})
    os.close(writable)
    popen.returncode = 0  # it is waited for elsewhere
    os.write(1, popen.pid.to_bytes(8, "little"))
    supervisor = Supervisor(popen.pid, environment, order["lease"], order["grace"])
    output = Output(order["limit"])
    _in_thread(lambda: supervisor.ended(wait_for(popen.pid)))
    _in_thread(lambda: _relay(supervisor))
    reading = _in_thread(lambda: _read(readable, output))
    gone = supervisor.to_the_end()
    reading.join(_LAST_WORDS)
    how = supervisor.exit or Exit(-signal.SIGKILL)
    _answer(None, {"exit": tuple(how), "reason": supervisor.reason, "gone": gone, "output": output.text()})


def _in_thread(work: Any) -> threading.Thread:  # noqa: ANN401 - a callable; its type is not needed on a worker
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _relay(supervisor: Supervisor) -> None:
    for line in sys.stdin.buffer:
        word, _, seconds = line.decode().partition(" ")
        supervisor.hear(word, float(seconds))
    supervisor.hear("gone")


def _read(handle: int, output: Output) -> None:
    while piece := os.read(handle, 65_536):
        output.add(piece)


def _answer(pid: int | None, answer: dict[str, Any]) -> None:
    """Answer, and end this process at once, though threads may still read; a worker that is gone hears nothing."""
    try:
        with open(1, "wb", closefd=False) as stream:
            if pid is not None:
                stream.write(pid.to_bytes(8, "little"))
            stream.write(marshal.dumps(answer))
    except OSError:
        os._exit(1)
    os._exit(0)
