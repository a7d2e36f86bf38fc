"""Where the jobs of a run on Ray ask what the engine wants: an actor. This class is sent by value, alone."""

from __future__ import annotations

import time


class Office:
    """Knows when the engine was last heard, and what it wants of which attempt."""

    def __init__(self) -> None:
        self._heard = time.monotonic()
        self._words: dict[str, str] = {}
        self._begun: set[str] = set()

    def renew(self) -> None:
        """The engine lives."""
        self._heard = time.monotonic()

    def say(self, key: str, word: str) -> bool:
        """What is wanted of an attempt from now on; whether it has begun."""
        self._words[key] = word
        return key in self._begun

    def ask(self, key: str) -> tuple[str, float]:
        """What is wanted of an attempt, and for how many seconds nothing was heard of the engine."""
        word = self._words.get(key, "go")
        if word == "go":
            self._begun.add(key)
        return word, time.monotonic() - self._heard
