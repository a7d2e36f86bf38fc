"""What the demos on real servers share: steps on the terminal, shell lines, and a tidy end in whatever way."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from taskgraph_core.errors import EngineError, TaskgraphError
from taskgraph_core.servers.signals import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
PLANS = ("examples/nightly", "examples/plan")
GREEN, RED, YELLOW = "32", "31", "33"
COLOURS = {
    "success": GREEN,
    "completed": GREEN,
    "failed": RED,
    "crashed": RED,
    "upstream_failed": YELLOW,
    "upstreamfailed": YELLOW,
    "up_for_retry": YELLOW,
    "bold": "1",
}


class Progress:
    """Prints a line whenever an attempt of a task has come to an end."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._told: set[tuple[object, ...]] = set()

    def __call__(self, attempts: Iterable[tuple[object, str, str]]) -> None:
        """Look at the attempts that have ended, in their order: each one's key, state and title."""
        for key, state, title in attempts:
            if (key, state) not in self._told:
                self._told.add((key, state))
                print(f"   {time.monotonic() - self._since:5.1f} s  {painted(state, 15)}  {title}", flush=True)


def show(about: str, demonstrate: Callable[[Path, bool], int]) -> int:
    """Show a demo in a new folder that goes with it; its exit code.

    Args:
        about: one line for ``--help``.
        demonstrate: all steps, given the folder and whether the server is to stay until Ctrl-C.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--stay", action="store_true", help="leave the server running until Ctrl-C")
    stay = parser.parse_args().stay
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1"  # everything here talks on loopback
    for number in ENDINGS:
        signal.signal(number, interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="taskgraph-demo-", ignore_cleanup_errors=True) as folder:
            return demonstrate(Path(folder), stay)
    except KeyboardInterrupt:
        print("Nothing is left.")
        return 130
    except TaskgraphError as error:
        print(f"\nthe demo stops here: {error}", file=sys.stderr)
        return 1


def interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave whatever goes on, once: who presses Ctrl-C again would only interrupt the tidying up."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    print("\nEverything is being ended, which takes some seconds ...", flush=True)
    raise KeyboardInterrupt


def until_interrupted(server: str) -> NoReturn:
    """Let the server run until somebody presses Ctrl-C."""
    print(f"\n{coloured(f'{server} runs until you press Ctrl-C.', 'bold')}", flush=True)
    while True:
        signal.pause()


def call(line: str, told: dict[str, str]) -> None:
    """Show a shell line and run it; what it has to say about the plans is for another time."""
    print(f"   $ {line}", flush=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ended = subprocess.run(  # noqa: S602 - lines of the demos
        line,
        shell=True,
        cwd=ROOT,
        env=os.environ | told | {"PATH": path, "PWD": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        msg = f"it failed: {(ended.stderr or ended.stdout).strip()}"
        raise EngineError(msg, where=line)


def published(data: Path) -> str:
    """What stands on the page that the nightly pipeline has published."""
    place = data / "current.html"
    return f"{place.read_text(encoding='utf-8').count('<tr>')} countries" if place.exists() else "nothing"


def headline(text: str) -> None:
    """Begin a step."""
    print(f"\n{coloured(text, 'bold')}", flush=True)


def painted(state: str, width: int = 0) -> str:
    """A state in its colour."""
    return coloured(f"{state.replace('_', ' '):{width}}", state)


def coloured(text: str, name: str) -> str:
    """Text in a colour, on a terminal."""
    return f"\033[{COLOURS[name]}m{text}\033[0m" if sys.stdout.isatty() and name in COLOURS else text
