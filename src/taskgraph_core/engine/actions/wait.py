"""Waiting for something outside the graph: asked again and again until it is there.

What can never come true (a time without an offset, an address that is no URL) fails at once; what
only is not there yet (no file, no answer, status 503) is asked again, after longer and longer pauses if the
plan wants that. The task's timeout bounds it, and its error then says what it waited for.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from taskgraph_core.engine.actions.command import run_command
from taskgraph_core.engine.attempt import DONE, Result
from taskgraph_core.ir import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.ir import Wait

ANSWER_WITHIN = 30.0
"""Seconds an HTTP server gets for each answer."""


async def run_wait(workspace: Workspace, call: Call, wait: Wait) -> Result:
    """Wait until it is there; a target that cannot be asked for is a failure."""
    try:
        for pause in pauses(wait):
            if await _is_there(workspace, call, wait):
                break
            await asyncio.sleep(pause)
    except ValueError as error:
        return Result.failed(f"cannot wait for {wait.what} {wait.target!r}: {error}")
    except asyncio.CancelledError as error:
        remarks = f"it waited for {wait.what} {wait.target!r}", *map(str, error.args)
        raise asyncio.CancelledError("; ".join(remarks)) from None
    return DONE


def pauses(wait: Wait) -> Iterator[float]:
    """Seconds between one question and the next, without end."""
    longest = max(wait.interval, wait.max_interval)
    pause = wait.interval
    while True:
        yield pause
        pause = min(pause * wait.factor, longest)


async def _is_there(workspace: Workspace, call: Call, wait: Wait) -> bool:
    """Ask once. Files and servers are asked in a thread: both can hang.

    Raises:
        ValueError: it makes no sense to ask.
    """
    match wait.what:
        case "file":
            return await workspace.threads.call(partial(_exists, workspace.project / wait.target))
        case "http":
            return await workspace.threads.call(partial(answers, wait.target))
        case "command":
            result = await run_command(workspace, call, Command(shell=wait.target))
            if result.exit_code is None:
                raise ValueError(result.error)
            return result.outcome == "success"
        case "time":
            await _sleep_until(wait.target, wait.interval)
            return True


def _exists(place: Path) -> bool:
    try:
        place.stat()
    except OSError:
        return False
    return True


def answers(url: str) -> bool:
    """Whether a server answers a GET with 2xx.

    Raises:
        ValueError: it is not an http or https URL.
    """
    import urllib.request  # noqa: PLC0415 - slow to import, and few plans wait for a server
    from http.client import HTTPException, InvalidURL  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = "it is not an http:// or https:// URL"
        raise ValueError(msg)
    request = urllib.request.Request(url, headers={"User-Agent": "taskgraph"})  # noqa: S310 - the scheme is checked
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN) as answer:  # noqa: S310 - likewise
            status: int = answer.status
    except InvalidURL as error:
        raise ValueError(str(error)) from error
    except (OSError, HTTPException):  # URLError is an OSError: no connection, no name, 4xx, 5xx
        return False
    return 200 <= status < 300


async def _sleep_until(instant: str, interval: float) -> None:
    """Sleep in pieces and look at the clock between them: somebody may set it, or the machine may sleep itself.

    Raises:
        ValueError: the text is no instant, or has no offset from UTC.
    """
    due = datetime.fromisoformat(instant)
    if due.tzinfo is None:
        msg = "it has no offset from UTC; end it with Z or +02:00"
        raise ValueError(msg)
    while (left := (due - datetime.now(due.tzinfo)).total_seconds()) > 0:  # noqa: ASYNC110 - no event but time
        await asyncio.sleep(min(left, interval))
