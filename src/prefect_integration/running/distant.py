"""How an attempt on another machine hears that it has to end: it asks the API, which it knows anyway.

That the flow run has ended or is being cancelled ends all of its attempts. A flow that only
stops some, at its timeout, says so in a label of the flow run.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

LABEL = "taskgraph.stopped"
"""Label of a flow run: which of its attempts have to end."""

EVERYTHING, TASKS = "everything", "tasks"
"""Values of the label; the second spares what undoes tasks."""

LOOK_EVERY = 5.0
"""Seconds between two questions."""


async def listen(run_id: str, first: Future[str], end: Callable[[], object], *, undo: bool) -> None:
    """Ask from time to time whether an attempt is still wanted, until it is not.

    Args:
        run_id: the flow run's.
        first: told ``go`` or ``stop`` once that is known.
        end: called when it has to end.
        undo: whether the attempt undoes a task.
    """
    try:
        async with get_client() as client:
            while await _is_wanted(client, run_id, undo=undo):
                if not first.done():
                    first.set_result("go")
                await asyncio.sleep(LOOK_EVERY)
    finally:
        if not first.done():
            first.set_result("stop")
    end()


def tell(run_id: str, what: str) -> None:
    """Have those attempts end that ask the API.

    Args:
        run_id: the flow run's.
        what: a value of the label.
    """
    with get_client(sync_client=True) as client:
        client.update_flow_run_labels(UUID(run_id), {LABEL: what})


async def _is_wanted(client: Any, run_id: str, *, undo: bool) -> bool:  # noqa: ANN401 - Prefect's asynchronous client
    try:
        run = await client.read_flow_run(UUID(run_id))
    except ObjectNotFound:
        return False
    except Exception:  # noqa: BLE001 - a server that is restarted comes back, and is missing in many ways until then
        return True
    if run.state is not None and (run.state.is_final() or (run.state.is_cancelling() and not undo)):
        return False
    stopped = run.labels.get(LABEL)
    return not (stopped == EVERYTHING or (stopped == TASKS and not undo))
