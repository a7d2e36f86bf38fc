"""Signals that ask a run to stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a polite kill, and a terminal that was closed: programs in sessions of their own do not hear of that."""


@contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` in the running event loop for each such signal, as long as this is open.

    One that is ignored (``nohup``, a background job of a script) stays ignored. Only SIGCHLD does not: where
    it is ignored, the system throws exit codes away.
    """
    loop = asyncio.get_running_loop()
    child = signal.getsignal(signal.SIGCHLD)
    if child == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    handled = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in handled:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number, handler in handled.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
        if child == signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, child)
