"""A job on a Dask worker.

Dask starts a task again, unasked, when its worker dies, or when the worker that kept its result does. So a job does
nothing before the engine has said ``go`` to exactly this execution of it: it asks by an event, with a token
of its own, and goes on asking. Each question holds the worker's clock, and the answer brings it back: a lease is
counted from when the question was put, so that no answer that took its time can make it longer.
"""

from __future__ import annotations

import pickle
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.remote.worker.job import carry_out

if TYPE_CHECKING:
    from taskgraph_core.engine.remote.worker.job import Order, Reply

ASKS_IN_A_LEASE = 10
"""Questions in the time for which one answer holds."""

_heard = threading.Condition()
_words: dict[str, tuple[str, float]] = {}
"""By token: what the engine said last, and when the question that it answered was put."""


def run(packed: bytes, topic: str) -> Reply:
    """Carry out an order as a Dask task."""
    from distributed import get_worker  # noqa: PLC0415 - there is one on a Dask worker only

    order: Order = pickle.loads(packed)  # noqa: S301 - from the engine, like all we do here
    worker = get_worker()
    token = secrets.token_hex(8)
    question = {"key": order["key"], "token": token, "worker": worker.address}
    lease = AskedLease(lambda now: worker.log_event(topic, {**question, "clock": now}), token, order["lease"])
    try:
        return carry_out(order, lease, f"{socket.gethostname()}/{worker.name}")
    finally:
        with _heard:
            _words.pop(token, None)


def tell(answers: dict[str, tuple[str, float]]) -> None:
    """Take the engine's answers; runs in the worker's event loop, beside its tasks."""
    with _heard:
        _words.update((token, answer) for token, answer in answers.items() if token in _words)
        _heard.notify_all()


class AskedLease:
    """A lease that is renewed by asking.

    Args:
        ask: puts a question, with the time of this worker's clock.
        token: by which the answers are known.
        seconds: for how long an answer holds.
    """

    def __init__(self, ask: Any, token: str, seconds: float) -> None:  # noqa: ANN401 - a callable
        self._ask = ask
        self._token = token
        self._seconds = seconds
        self._asked = 0.0

    def begin(self) -> str:
        """Ask, and wait for the answer."""
        with _heard:
            _words[self._token] = ("", 0.0)
        self._put()
        with _heard:
            _heard.wait_for(lambda: _words[self._token][0], timeout=self._seconds)
            return _words[self._token][0] or "lost"

    def word(self) -> str:
        """What the engine said last; ask again if it is time to."""
        if time.monotonic() - self._asked >= self._seconds / ASKS_IN_A_LEASE:
            self._put()
        return _words[self._token][0]

    def left(self) -> float:
        """Seconds left."""
        return _words[self._token][1] + self._seconds - time.monotonic()

    def _put(self) -> None:
        self._asked = time.monotonic()
        self._ask(self._asked)
