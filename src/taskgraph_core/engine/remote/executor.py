"""Attempts carried out by a cluster: a ``Perform`` like this machine's.

Commands and Python functions are sent; waits and what does nothing stay here. Whatever becomes of an attempt, it has
ended before its end is told, as far as that can be done: one that is stopped answers when nothing of it is left, and of
one whose worker is lost the lease has run out.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.actions.python import STILL_RUNNING
from taskgraph_core.engine.attempt import Result
from taskgraph_core.engine.processes.host import to_the_end
from taskgraph_core.engine.processes.process import KILL_PATIENCE
from taskgraph_core.engine.remote import cluster as limits
from taskgraph_core.engine.remote.cluster import LostError, UnreachableError
from taskgraph_core.engine.remote.orders import order_of, result_from
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Python

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from taskgraph_core.engine.actions.workspace import Workspace
    from taskgraph_core.engine.attempt import Call, Perform
    from taskgraph_core.engine.driver import Driver
    from taskgraph_core.engine.remote.cluster import Cluster, Job
    from taskgraph_core.engine.remote.worker.job import Order, Reply


class Remote:
    """Carries out the attempts of a run on a cluster.

    Args:
        cluster: an open connection.
        workspace: of the run.
        here: what carries out everything that is not sent.
        output_limit: bytes of output kept of each attempt.
    """

    def __init__(self, cluster: Cluster, workspace: Workspace, here: Perform, output_limit: int) -> None:
        self._cluster = cluster
        self._workspace = workspace
        self._here = here
        self._limit = output_limit

    def __call__(self, call: Call) -> Awaitable[Result]:
        """Carry out one call."""
        if isinstance(call.action, Command | Python):
            return self._send(call, call.action)
        return self._here(call)

    @asynccontextmanager
    async def over(self, driver: Driver, url: str) -> AsyncIterator[None]:
        """Keep what runs alive while this is open; losing the cluster ends the run, which can be resumed."""

        def broken() -> None:
            msg = "the connection to the cluster was lost"
            fix = "what runs there ends by itself; see that the cluster can be reached, then resume the run"
            raise EngineError(msg, where=url, fix=fix)

        watch = asyncio.ensure_future(self._cluster.watch(partial(driver.order, broken)))
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _send(self, call: Call, action: Command | Python) -> Result:
        order = order_of(self._workspace, call, action, lease=self._cluster.lease, limit=self._limit)
        job = self._cluster.send(order)
        reply = asyncio.ensure_future(job.reply())
        try:
            found = await asyncio.shield(reply)
        except asyncio.CancelledError:
            remark = await to_the_end(self._stop(order, job, reply, call))
            raise asyncio.CancelledError(*([remark] if remark else [])) from None
        except LostError as error:
            return Result.failed(str(error))
        except UnreachableError:  # the run is about to be ended; how this attempt went is for the next one to find out
            never: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
            return await never
        finally:
            reply.cancel()
            job.close()
        self._keep(call, found)
        return result_from(found)

    async def _stop(self, order: Order, job: Job, reply: asyncio.Future[Reply], call: Call) -> str:
        """End an attempt on its worker; what is to be said about how that went, if anything."""
        hurry = self._workspace.host.hurry
        job.say("kill" if hurry.is_set() else "stop")
        haste = asyncio.ensure_future(hurry.wait())
        either: list[asyncio.Future[Any]] = [reply, haste]
        try:
            await asyncio.wait(either, timeout=order["grace"], return_when=asyncio.FIRST_COMPLETED)
            if not reply.done() and job.stoppable:
                job.say("kill")
                await asyncio.wait([reply], timeout=max(self._cluster.lease, KILL_PATIENCE) + limits.MARGIN)
        finally:
            haste.cancel()
        if not reply.done():
            return "it could not be ended on its worker" if job.stoppable else STILL_RUNNING
        if reply.cancelled() or reply.exception() is not None:
            return ""
        found = reply.result()
        self._keep(call, found)
        return "" if found.get("gone", True) else f"not all of its processes on {found['worker']} could be ended"

    def _keep(self, call: Call, reply: Reply) -> None:
        output = reply.get("output")
        if output:
            with self._workspace.log(call).open("ab") as log:
                log.write(output)
