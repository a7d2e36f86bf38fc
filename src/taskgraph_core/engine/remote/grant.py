"""Which execution of an attempt may go on, and whether it is still heard of. Pure: no clock and no cluster."""

from __future__ import annotations


class Grant:
    """Dask may execute a task more than once; exactly one execution gets the word ``go``, the first that asks.

    Attributes:
        word: what is wanted of it now: ``go``, ``stop`` or ``kill``.
        token: of the execution that has the word; empty before one has asked.
        worker: its address.
        clock: its worker's clock when it last asked, which an answer brings back.
    """

    def __init__(self) -> None:
        self.word = "go"
        self.token = ""
        self.worker = ""
        self.clock = 0.0
        self._heard = 0.0

    def asked(self, token: str, worker: str, clock: float, now: float) -> str:
        """What an execution that asks is told."""
        if not self.token and self.word == "go":
            self.token, self.worker = token, worker
        if token != self.token:
            return "stop"
        self.clock, self._heard = clock, now
        return self.word

    def is_lost(self, now: float, patience: float) -> bool:
        """Whether it was begun, and did not ask for so many seconds."""
        return bool(self.token) and now - self._heard > patience
