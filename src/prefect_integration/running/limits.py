"""What a run asks of the server's limits, and how an attempt takes its slots.

Prefect itself is silent about a limit that is missing or inactive: everything runs, unlimited.
So a run asks once for all that it needs, before its first task, and does not begin without.

An attempt whose claims are all of one slot begins with tags, and Prefect has taken the slots
before any of this is reached. The others, and tokens of rates, are taken here. Waiting for them
ends when the run is stopped, and is no part of the task's timeout; nothing is held that the
attempt does not need for what it does next. Slots are leased: when this process dies the server
takes them back after ``LEASE`` seconds, and until its next round.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLeaseHolder
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.context import TaskRunContext
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from prefect_integration.generating.limits import Sharing, limits_file_name
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Event

    from taskgraph_core.ir import TaskGraph

LEASE = 60.0
"""Seconds until slots of a dead process expire; the server allows no less."""

PAGE = 200
"""Most limits of one answer."""

_LOCKED = 423
_TICK = 0.2
_MARGIN = 0.01
"""Seconds that the server's clock may be coarser than this one."""


def check_limits(graph: TaskGraph) -> None:
    """See that the server has the limits that these tasks share with other runs.

    Raises:
        EngineError: one is missing, or nothing could run under it.
    """
    wanted = Sharing(graph).limits()
    if not wanted:
        return
    there = _limits_on_the_server()
    unfit = [f"{name} {why}" for name, limit in wanted.items() if (why := limit.unfit(there.get(name)))]
    if unfit:
        more = f" and {len(unfit) - 5} more" if len(unfit) > 5 else ""
        msg = f"the server's limits do not fit, so other runs would not be counted: {', '.join(unfit[:5])}{more}"
        fix = f"run 'taskgraph prefect apply {limits_file_name(graph.id)}{_url()}'; what no other run uses can be "
        raise EngineError(msg, where=graph.id, fix=fix + "'shared = false' in the profile")


def _limits_on_the_server() -> dict[str, Any]:
    found: list[Any] = []
    with get_client(sync_client=True) as client:
        while page := client.read_global_concurrency_limits(limit=PAGE, offset=len(found)):
            found += page
            if len(page) < PAGE:
                break
    return {limit.name: limit for limit in found}


def _url() -> str:
    url = PREFECT_API_URL.value()
    return f" --url {url}" if url else ""


@contextmanager
def slots(
    taken: Mapping[str, int], rates: Mapping[str, float], stop: Event, log: Callable[[str], None]
) -> Iterator[None]:
    """Hold slots of the server's limits, and start no sooner than its rates let it.

    Where ``stop`` is set meanwhile the block is entered without: what has to end starts nothing.

    Args:
        taken: slots by the limit's name.
        rates: seconds between two tokens by the limit's name.
        stop: ends the waiting.
        log: takes one line for people.

    Raises:
        ConcurrencySlotAcquisitionError: the server refuses, such as for a limit that was deleted.
    """
    with ExitStack() as held:
        if len(set(taken.values())) == 1:
            _hold(held, list(taken), next(iter(taken.values())), stop, log)
        else:
            for name in sorted(taken):
                _hold(held, [name], taken[name], stop, log)
        for name in sorted(rates):
            _take_token(name, rates[name], stop, log)
        yield


def _hold(held: ExitStack, names: list[str], number: int, stop: Event, log: Callable[[str], None]) -> None:
    context = TaskRunContext.get()
    holder = ConcurrencyLeaseHolder(type="task_run", id=context.task_run.id) if context else None
    told = False
    while not stop.is_set():
        try:
            # Asked once each time: Prefect's own waiting could not be ended.
            held.enter_context(
                concurrency(names, occupy=number, max_retries=0, lease_duration=LEASE, strict=True, holder=holder)
            )
        except ConcurrencySlotAcquisitionError as error:
            if not isinstance(error.__cause__, PrefectHTTPStatusError):
                raise
            patience = _patience(error.__cause__)
        else:
            return
        if not told:
            log(f"waits for {number} of {', '.join(names)}")
            told = True
        stop.wait(patience)


_TURNS: dict[str, Lock] = {}
_NEXT: dict[str, float] = {}
"""When the next token of a rate can be there, on the monotonic clock."""


def _take_token(name: str, seconds: float, stop: Event, log: Callable[[str], None]) -> None:
    """Take one token.

    One of this process asks at a time, and not before the token can be there: the server counts
    the time since it was last asked, so that whoever asks in vain makes everybody wait.
    """
    turn = _TURNS.setdefault(name, Lock())
    while not turn.acquire(timeout=_TICK):
        if stop.is_set():
            return
    try:
        while not stop.wait(max(0.0, _NEXT.get(name, 0.0) - time.monotonic())):
            patience = _ask_for_token(name)
            _NEXT[name] = time.monotonic() + max(patience, seconds) + _MARGIN
            if not patience:
                return
            log(f"waits for {name}")
    finally:
        turn.release()


def _ask_for_token(name: str) -> float:
    """0 if there was one, else the seconds to wait."""
    with get_client(sync_client=True) as client:
        try:
            answer = client.increment_concurrency_slots(names=[name], slots=1, mode="rate_limit")
        except PrefectHTTPStatusError as error:
            return max(_patience(error), _MARGIN)
    if not answer.json():
        msg = f"the limit {name} is missing"
        raise ConcurrencySlotAcquisitionError(msg)
    return 0.0


def _patience(error: PrefectHTTPStatusError) -> float:
    """How many seconds to wait before asking again; raises what no waiting helps against."""
    if error.response.status_code != _LOCKED:
        raise error
    return float(error.response.headers.get("Retry-After", 1.0))
