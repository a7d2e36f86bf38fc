"""Work that no signal tears apart.

Prefect turns SIGTERM into an exception, as Python does with Ctrl-C, raised wherever the main
thread happens to be; and replacing its handler would make Prefect believe that the flow cannot
be cancelled. So the main thread only waits, and the work is done by another one.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

LOOK = 0.5
"""Seconds after which a signal is noticed that did not wake the thread it was meant for."""


def undisturbed(work: Callable[[], Result], *, end: Callable[[], None], end_at_once: Callable[[], None]) -> Result:
    """Do the work in a thread of its own, with the caller's context, and wait for it.

    Args:
        work: what to do; what it returns or raises comes out here.
        end: asks the work to come to its end, when the caller is interrupted; the interruption
            is raised again once it has.
        end_at_once: called when the caller is interrupted again; nobody waits for the work any more.
    """
    future: Future[Result] = Future()
    may_begin = threading.Event()
    ended = threading.Event()  # not join(): interrupted, that takes the thread for ended

    def carry_out() -> None:
        may_begin.wait()
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            future.set_exception(error)
        ended.set()

    # An interruption while it starts comes out at once, and nothing has begun.
    threading.Thread(target=copy_context().run, args=(carry_out,), name="dispatcher", daemon=True).start()
    try:
        may_begin.set()
        _until(ended)
    except BaseException:
        try:
            end()
            may_begin.set()
            _until(ended)
        except BaseException:
            end_at_once()
            raise
        raise
    return future.result()


def _until(ended: threading.Event) -> None:
    """Wait, and notice a signal also if another thread got it, or if it came just before this one fell asleep."""
    while not ended.wait(LOOK):
        pass
