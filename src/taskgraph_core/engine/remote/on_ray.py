"""An existing Ray cluster: attempts are Ray tasks without retries, which Ray never repeats.

They ask an actor of the engine, the ``office``, whether they are still wanted. It hears from the engine once a
second; when it does not, because the engine or the way to it is gone, they end by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from taskgraph_core.engine.remote import cluster
from taskgraph_core.engine.remote.cluster import LostError, UnreachableError
from taskgraph_core.engine.remote.package import by_value, package
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.engine.remote.worker.job import Order, Reply

RENEW_EVERY = 1.0
"""Seconds between two signs of life; a lease must be several of them."""

ANY = "ray://auto"
"""The address that stands for the cluster of this machine."""


class RayCluster:
    """A connection to a cluster; see ``cluster.Cluster``. There can be one in a process."""

    system = "ray"

    def __init__(self, ray: Any, lease: float, *, ours: bool) -> None:  # noqa: ANN401 - the module
        self.places = int(ray.cluster_resources().get("CPU", 0))
        self.lease = lease
        self.ray = ray
        self._ours = ours
        self._jobs: set[RayJob] = set()
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=True
        )
        office = ray.remote(by_value("office", "Office"))
        self.office = office.options(num_cpus=0, scheduling_strategy=here).remote()
        name, content = package()
        self._package = name, ray.put(content)
        self._enter = ray.remote(by_value("entry", "enter")).options(num_cpus=1, max_retries=0)

    @classmethod
    async def connect(cls, url: str, lease: float | None = None) -> Self:
        """Connect to ``ray://host:port``, a Ray client server, or to ``ray://auto``, the cluster this machine is in.

        Raises:
            EngineError: Ray is not installed, or nobody answers there.
        """
        try:
            import ray  # noqa: PLC0415 - only who uses it has it
            import ray.util.scheduling_strategies  # noqa: PLC0415
        except ImportError as error:
            msg = "Ray is not installed"
            raise EngineError(msg, where=url, fix="pip install 'taskgraph[ray]'") from error
        if url != ANY and find_spec("grpc") is None:
            msg = "Ray is installed without its client"
            raise EngineError(msg, where=url, fix="pip install 'ray[client]'")
        ours = not ray.is_initialized()
        try:
            if ours:  # in a thread, where it leaves the signal handlers of this process alone
                address = "auto" if url == ANY else url
                await asyncio.to_thread(ray.init, address, log_to_driver=False, logging_level=logging.ERROR)
            return await asyncio.to_thread(cls, ray, lease or cluster.LEASE, ours=ours)
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
            msg = f"cannot connect to a Ray cluster: {str(error).strip().partition('.')[0]}"
            fix = (
                "give the address of a Ray client server, as in ray://host:10001, or ray://auto on one of its machines"
            )
            raise EngineError(msg, where=url, fix=fix) from error

    def send(self, order: Order) -> RayJob:
        """Have an order carried out once, or not at all."""
        function = "engine.remote.worker.ray_side:run"
        job = RayJob(self, order, self._enter.remote(*self._package, function, pickle.dumps(order), self.office))
        self._jobs.add(job)
        return job

    async def watch(self, lost: Callable[[], None]) -> None:
        """Give signs of life, and notice when none arrives."""
        try:
            while True:
                await asyncio.wait_for(answer(self.office.renew.remote()), self.lease)
                await asyncio.sleep(min(RENEW_EVERY, self.lease / 5))
        except (self.ray.exceptions.RayError, OSError, RuntimeError):  # TimeoutError is an OSError
            for job in self._jobs:
                job.settle(UnreachableError())
            lost()

    async def close(self) -> None:
        """Close the connection, if it is ours; the office and whatever still runs go with it."""
        if self._ours:
            await asyncio.to_thread(self.ray.shutdown)
        else:
            self.ray.kill(self.office)

    def forget(self, job: RayJob) -> None:
        """Nobody waits for it any more."""
        self._jobs.discard(job)


class RayJob:
    """One attempt; see ``cluster.Job``."""

    stoppable = True

    def __init__(self, home: RayCluster, order: Order, ref: Any) -> None:  # noqa: ANN401 - a Ray reference
        self._cluster = home
        self._order = order
        self._ref = ref
        self._word = "go"
        self._settled: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._work: set[asyncio.Future[None]] = {asyncio.ensure_future(self._result())}

    async def reply(self) -> Reply:
        """How it ended."""
        return await asyncio.shield(self._settled)

    def say(self, word: str) -> None:
        """Have it end; what has not begun never will."""
        self._word = word
        self._work.add(asyncio.ensure_future(self._say(word)))

    def close(self) -> None:
        """Give everything up."""
        for work in self._work:
            work.cancel()
        self._cluster.forget(self)
        if self._settled.done() and not self._settled.cancelled():
            self._settled.exception()

    def settle(self, error: Exception) -> None:
        """Nobody will know how it ended."""
        if not self._settled.done():
            self._settled.set_exception(error)

    async def _say(self, word: str) -> None:
        """Tell the office; a function in the worker's own process ends only with that process."""
        ray = self._cluster.ray
        try:
            begun = await answer(self._cluster.office.say.remote(self._order["key"], word))
            if not begun:
                ray.cancel(self._ref)
                self._stopped()
            elif word == "kill" and not self._order["process"]:
                ray.cancel(self._ref, force=True)
        except (ray.exceptions.RayError, OSError, RuntimeError):
            return  # the cluster is out of reach: ``watch`` notices

    async def _result(self) -> None:
        errors = self._cluster.ray.exceptions
        try:
            reply: Reply = await answer(self._ref)
        except errors.RayTaskError as error:
            self.settle(error.cause if isinstance(error.cause, Exception) else error)
        except errors.RayError as error:
            if self._word == "kill" and not self._order["process"]:
                self._stopped()
                return
            await self._lost(type(error).__name__)
        except (OSError, RuntimeError):
            self.settle(UnreachableError())
        else:
            if not self._settled.done():
                self._settled.set_result(reply)

    async def _lost(self, reason: str) -> None:
        """Make sure that it gets no new lease, and wait for the end of the one it has."""
        await self._say("kill")
        await asyncio.sleep(self._cluster.lease + cluster.MARGIN)
        self.settle(LostError(f"its worker was lost ({reason})"))

    def _stopped(self) -> None:
        if not self._settled.done():
            self._settled.set_result({"ended": "stopped", "worker": ""})


async def answer(ref: Any) -> Any:  # noqa: ANN401 - whatever Ray answers
    """Await a reference."""
    return await asyncio.wrap_future(ref.future())
