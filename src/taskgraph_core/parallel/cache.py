"""Results kept from earlier: a dictionary, or any object with ``get`` and ``set``."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Awaitable, Hashable, MutableMapping
from enum import Enum
from typing import Any, Final, Protocol


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
"""What ``Cache.get`` answers for a key it does not know; None is a value."""


class Cache(Protocol):
    """Where results are looked up and kept; each method may be a coroutine function.

    A plain ``get`` is asked while a task is added and again when its turn comes, both on the event loop: it must be
    quick. A coroutine function is asked when the turn comes.
    """

    def get(self, key: Any, /) -> Any:  # noqa: ANN401 - what is kept is the user's business
        """The value of a key, or ``MISSING``."""

    def set(self, key: Any, value: Any, /) -> Any:  # noqa: ANN401 - likewise
        """Keep a value."""


class Store:
    """A cache of either kind, in one form; None for no cache at all, which knows nothing and keeps nothing."""

    def __init__(self, cache: Cache | MutableMapping[Any, Any] | None) -> None:
        self._cache: Any = cache
        self._later = inspect.iscoroutinefunction(getattr(cache, "get", None))

    def known(self, key: Hashable) -> Any:  # noqa: ANN401 - as above
        """The value of a key as far as nobody must wait for it, else ``MISSING``."""
        if key is None or self._cache is None or self._later:
            return MISSING
        if isinstance(self._cache, MutableMapping):
            return self._cache.get(key, MISSING)
        return self._cache.get(key)

    async def find(self, key: Hashable) -> Any:  # noqa: ANN401 - as above
        """The value of a key, or ``MISSING``."""
        if self._later and key is not None:
            return await self._cache.get(key)
        return self.known(key)

    async def keep(self, key: Hashable, value: object) -> None:
        """Keep a value; that it cannot be kept is no reason to lose it, so that is only a warning."""
        if key is None or self._cache is None:
            return
        try:
            if isinstance(self._cache, MutableMapping):
                self._cache[key] = value
                return
            kept = self._cache.set(key, value)
            if isinstance(kept, Awaitable):
                await kept
        except Exception as error:  # noqa: BLE001 - a cache can be anything
            warnings.warn(f"the cache did not keep {key!r}: {error!r}", RuntimeWarning, stacklevel=2)
