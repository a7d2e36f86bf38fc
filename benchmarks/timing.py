"""Medians of interleaved repeats, because a machine is never quiet."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def medians(contestants: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Seconds for each contestant: one round after the other, so that a slow moment hits them all."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            gc.collect()
            started = time.perf_counter()
            result = run()
            times[name].append(time.perf_counter() - started)
            del result
    return {name: statistics.median(values) for name, values in times.items()}


def milliseconds(seconds: float) -> str:
    """A column entry."""
    return f"{seconds * 1000:10,.1f}"
