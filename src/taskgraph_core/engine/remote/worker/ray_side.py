"""A job on a Ray worker. It asks the engine's ``office`` what is wanted.

Ray never starts a task again that has no retries, so asking before the start only makes sure that it is still wanted.
"""

from __future__ import annotations

import os
import pickle
import socket
import time
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.remote.worker.job import carry_out

if TYPE_CHECKING:
    from taskgraph_core.engine.remote.worker.job import Order, Reply

LOOK_EVERY = 0.5
"""Seconds between two questions of a job."""


def run(packed: bytes, office: Any) -> Reply:  # noqa: ANN401 - Ray's handle of an actor
    """Carry out an order as a Ray task."""
    import ray  # noqa: PLC0415 - there is one on a Ray worker only

    order: Order = pickle.loads(packed)  # noqa: S301 - from the engine, like all we do here
    node = ray.get_runtime_context().get_node_id()[:8]

    def ask() -> tuple[str, float]:
        answer: tuple[str, float] = ray.get(office.ask.remote(order["key"]), timeout=order["lease"])
        return answer

    lease = OfficeLease(ask, order["lease"], ray.exceptions.RayError)
    return carry_out(order, lease, f"{socket.gethostname()}/{node}-{os.getpid()}")


class OfficeLease:
    """A lease that is renewed by asking the office.

    Args:
        ask: what the engine wants, and since how many seconds it was not heard.
        seconds: for how long a word of the engine holds.
        trouble: what ``ask`` raises when the office is out of reach.
    """

    def __init__(self, ask: Any, seconds: float, trouble: type[Exception]) -> None:  # noqa: ANN401 - a callable
        self._ask = ask
        self._seconds = seconds
        self._trouble = trouble
        self._word = "go"
        self._asked = 0.0
        self._ends = 0.0

    def begin(self) -> str:
        """Ask for the first time."""
        self._put()
        return self._word if self.left() > 0 else "lost"

    def word(self) -> str:
        """What the engine wants; asked again if it is time to."""
        if time.monotonic() - self._asked >= min(LOOK_EVERY, self._seconds / 4):
            self._put()
        return self._word

    def left(self) -> float:
        """Seconds left."""
        return self._ends - time.monotonic()

    def _put(self) -> None:
        self._asked = time.monotonic()
        try:
            self._word, unheard = self._ask()
        except self._trouble:
            return
        self._ends = max(self._ends, self._asked - unheard + self._seconds)
