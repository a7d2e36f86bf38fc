"""Running a program so that it can always be ended, with everything it started.

The program leads a process group of its own. Time running out and the run being stopped end
the whole group: TERM, time to clean up, KILL. The leader is not reaped before the group was
sent its last signal, so its number cannot have been given to somebody else by then.

One thread watches one program: it reads the output, and looks every ``TICK`` seconds whether
the program has to be ended. A program that exits is noticed at once, because its output closes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from prefect_integration.running.outcome import CANCELLED, Ended, exited, timed_out
from prefect_integration.running.output import Output

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

TICK = 0.1
"""Seconds between two looks at whether the program has to be ended."""

GRACE = 5.0
"""Seconds between TERM and KILL."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an attempt runs in, whatever it does.

    Attributes:
        environment: all variables of the program.
        stop: set by the dispatcher when the attempt has to end.
        log: takes one line for people.
        timeout: seconds until the attempt has to end; None for no bound.
        grace: seconds between TERM and KILL.
    """

    environment: Mapping[str, str]
    stop: threading.Event
    log: Callable[[str], None]
    timeout: float | None = None
    grace: float = GRACE
    started: float = field(default_factory=time.monotonic)

    @property
    def remaining(self) -> float:
        """Seconds left; infinite without a timeout."""
        return float("inf") if self.timeout is None else self.started + self.timeout - time.monotonic()

    @property
    def must_end(self) -> Ended | None:
        """How the attempt ends now whatever it is doing, if it has to."""
        if self.stop.is_set():
            return CANCELLED
        return timed_out(self.timeout) if self.timeout is not None and self.remaining <= 0 else None


def run_program(
    arguments: Sequence[str], around: Surroundings, *, cwd: str = "", stdin: IO[bytes] | None = None
) -> Ended:
    """Run a program to its end, or to the end of its time; its output goes to the log, within bounds."""
    if ended := around.must_end:
        return ended
    try:
        process = subprocess.Popen(  # noqa: S603 - running the commands of the profile is what this is for
            arguments,
            cwd=cwd or None,
            env=around.environment,
            stdin=stdin if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # ValueError: characters that no argument may hold
        return Ended("failed", f"cannot start: {error}")
    with process, Output(process.stdout, around.log) as output:
        return _watch(process, output, around)


def _watch(process: subprocess.Popen[bytes], output: Output, around: Surroundings) -> Ended:
    try:
        while True:
            output.read(max(0.0, min(TICK, around.remaining)))
            code = _exit_code(process, TICK if output.closed else 0)
            if code is not None:
                return exited(code)
            if ended := around.must_end:
                return ended
    finally:
        if process.returncode is None:
            _end_group(process, output, around.grace)


def _exit_code(process: subprocess.Popen[bytes], patience: float) -> int | None:
    if not patience:
        return process.poll()
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        return None


def _end_group(process: subprocess.Popen[bytes], output: Output, grace: float) -> None:
    _signal(process, signal.SIGTERM)
    last_moment = time.monotonic() + grace
    # An open output means that somebody of the group still lives, even if its leader does not.
    while (not output.closed or _is_alive(process)) and (left := last_moment - time.monotonic()) > 0:
        if output.closed:
            time.sleep(min(TICK, left))
        else:
            output.read(min(TICK, left))
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of nothing but zombies
        os.killpg(process.pid, number)


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    """Whether the leader runs, found out without reaping it; taken to run where there is no way to ask."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
