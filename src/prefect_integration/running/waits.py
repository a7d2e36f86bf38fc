"""Waiting for something outside the graph: ask, rest, ask again.

A question that goes wrong (no such host, access denied) is answered "not yet"; one that can
never be answered (an instant without an offset, a URL of another scheme) ends the wait.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prefect_integration.running.outcome import SUCCESS, Ended
from prefect_integration.running.programs import Surroundings, run_program
from taskgraph_core.engine.actions.wait import pauses

if TYPE_CHECKING:
    from taskgraph_core.ir import Wait

PATIENCE = 10.0
"""Seconds a server has to answer one question."""


def wait_until_there(wait: Wait, around: Surroundings) -> Ended:
    """Ask, after the pauses it wants, until it is there, time runs out, or the run stops."""
    rests = pauses(wait)
    while True:
        try:
            missing = _seconds_missing(wait, around, next(rests))
        except ValueError as error:
            return Ended("failed", f"cannot wait for this: {error}")
        if not missing:
            return SUCCESS
        if ended := around.must_end:
            return ended
        around.stop.wait(min(missing, around.remaining, threading.TIMEOUT_MAX))


def _seconds_missing(wait: Wait, around: Surroundings, pause: float) -> float:
    """After how many seconds to ask again; 0 if it is there."""
    match wait.what:
        case "time":
            instant = datetime.fromisoformat(wait.target)
            if instant.tzinfo is None:
                msg = f"{wait.target!r} has no offset from UTC"
                raise ValueError(msg)
            return max(0.0, (instant - datetime.now(UTC)).total_seconds())
        case "file":
            there = _exists(wait.target)
        case "http":
            there = _answers(wait.target, min(PATIENCE, max(around.remaining, 0.1)))
        case "command":
            there = run_program(["/bin/sh", "-c", wait.target], around) == SUCCESS
    return 0.0 if there else pause


def _exists(target: str) -> bool:
    try:
        Path(target).stat()  # not exists(): that answers False for what can be no path at all
    except OSError:
        return False
    return True


def _answers(url: str, patience: float) -> bool:
    """Whether a GET is answered with 2xx."""
    if not url.lower().startswith(("http://", "https://")):
        msg = f"{url!r} is no http or https URL"
        raise ValueError(msg)
    try:
        with urllib.request.urlopen(url, timeout=patience) as response:  # noqa: S310 - the scheme was looked at above
            return bool(200 <= response.status < 300)
    except (OSError, urllib.error.URLError):
        return False
