"""An existing Dask cluster: attempts are Dask tasks, each carried out by the one execution that the engine agreed to.

Dask knows no task that is never repeated: it starts one again when its worker dies, whatever ``retries`` says. Here
a repetition finds its place taken (see ``worker.dask_side``), and the attempt counts as lost once it has
not asked for as long as an answer holds. A connection that breaks is the end of the run: Dask forgets what a client
wanted that is gone, and would not tell later how it went.
"""

from __future__ import annotations

import asyncio
import pickle
import secrets
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from taskgraph_core.engine.remote import cluster
from taskgraph_core.engine.remote.cluster import LostError, UnreachableError
from taskgraph_core.engine.remote.grant import Grant
from taskgraph_core.engine.remote.package import by_value, package
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client, Future

    from taskgraph_core.engine.remote.worker.job import Order, Reply

CONNECT_WITHIN = 10.0
"""Seconds for the scheduler to answer."""

LOOK_EVERY = 0.2
"""Seconds between two looks at the connection and at who has not asked."""


class DaskCluster:
    """A connection to a scheduler; see ``cluster.Cluster``."""

    system = "dask"

    def __init__(self, client: Client, places: int, lease: float) -> None:
        self.places = places
        self.lease = lease
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._topic = f"taskgraph-{secrets.token_hex(8)}"
        self._jobs: dict[str, DaskJob] = {}
        self._answers: dict[str, dict[str, tuple[str, float]]] = {}
        self._telling: set[asyncio.Task[object]] = set()
        client.subscribe_topic(self._topic, self._heard)

    @classmethod
    async def connect(cls, url: str, lease: float | None = None) -> Self:
        """Connect to ``dask://host:port``.

        Raises:
            EngineError: Dask is not installed, or nobody answers there.
        """
        try:
            from distributed import Client  # noqa: PLC0415 - only who uses it has it
        except ImportError as error:
            msg = "Dask is not installed"
            raise EngineError(msg, where=url, fix="pip install 'taskgraph[dask]'") from error
        address = url.replace("dask://", "tcp://", 1)
        client = Client(address, asynchronous=True, set_as_default=False, timeout=CONNECT_WITHIN, name="taskgraph")
        try:
            await client
            threads = await client.nthreads()
        except (OSError, ValueError) as error:
            await client.close(timeout=1)
            msg = f"cannot connect to a Dask scheduler: {error}"
            raise EngineError(
                msg, where=url, fix="give the address of a scheduler that runs, as in dask://host:8786"
            ) from error
        return cls(client, sum(threads.values()), lease or cluster.LEASE)

    def send(self, order: Order) -> DaskJob:
        """Have an order carried out once, or not at all."""
        key = order["key"]
        function = "engine.remote.worker.dask_side:run"
        future = self._client.submit(
            by_value("entry", "enter"), *package(), function, pickle.dumps(order), self._topic,
            key=key, pure=False, retries=0,
        )  # fmt: skip
        job = self._jobs[key] = DaskJob(self, order, future)
        return job

    async def watch(self, lost: Callable[[], None]) -> None:
        """Look at the connection, and at jobs that do not ask any more."""
        while self.connected:
            now = self._loop.time()
            for job in list(self._jobs.values()):
                job.look(now)
            await asyncio.sleep(LOOK_EVERY)
        for job in self._jobs.values():
            job.settle(UnreachableError())
        lost()

    async def close(self) -> None:
        """Close the connection."""
        for task in self._telling:
            task.cancel()
        await self._client.close(timeout=2)

    @property
    def connected(self) -> bool:
        """Whether the connection has held since it was made."""
        return bool(self._client.status == "running")

    def tell(self, worker: str, token: str, word: str, clock: float) -> None:
        """Answer an execution: soon, together with others of the same worker."""
        if worker not in self._answers:
            self._loop.call_soon(self._pass_on, worker)
        self._answers.setdefault(worker, {})[token] = word, clock

    def forget(self, key: str) -> None:
        """Whatever asks for this attempt from now on is told to stop."""
        self._jobs.pop(key, None)

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        """A question, from an execution that may be the wrong one."""
        _, asked = event
        job = self._jobs.get(asked["key"])
        token, worker, clock = asked["token"], asked["worker"], asked["clock"]
        word = "stop" if job is None else job.grant.asked(token, worker, clock, self._loop.time())
        self.tell(worker, token, word, clock)

    def _pass_on(self, worker: str) -> None:
        """One message for each worker, so that none waits for another that is gone."""
        answers = self._answers.pop(worker)
        task = asyncio.ensure_future(self._run(worker, answers))
        self._telling.add(task)
        task.add_done_callback(self._told)

    async def _run(self, worker: str, answers: dict[str, tuple[str, float]]) -> object:
        function = "engine.remote.worker.dask_side:tell"
        tell = partial(by_value("entry", "enter"), package().name, b"", function, answers)
        return await self._client.run(tell, workers=[worker], on_error="ignore")

    def _told(self, task: asyncio.Task[object]) -> None:
        self._telling.discard(task)
        if not task.cancelled():
            task.exception()  # a worker or a scheduler that is gone: others notice that


class DaskJob:
    """One attempt; see ``cluster.Job``."""

    def __init__(self, dask: DaskCluster, order: Order, future: Future) -> None:
        self.stoppable = bool(order["process"])
        self.grant = Grant()
        self._cluster = dask
        self._key = order["key"]
        self._future = future
        self._settled: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._watching = asyncio.ensure_future(self._result())

    async def reply(self) -> Reply:
        """How it ended."""
        return await asyncio.shield(self._settled)

    def say(self, word: str) -> None:
        """Have it end; what has not begun never will."""
        self.grant.word = word
        if self.grant.token:
            self._cluster.tell(self.grant.worker, self.grant.token, word, self.grant.clock)
        elif not self._settled.done():
            self._settled.set_result({"ended": "stopped", "worker": ""})

    def close(self) -> None:
        """Give everything up."""
        self._watching.cancel()
        self._cluster.forget(self._key)
        self._future.release()
        if self._settled.done() and not self._settled.cancelled():
            self._settled.exception()

    def look(self, now: float) -> None:
        """It is lost when its execution has not asked for longer than an answer holds."""
        if self.grant.is_lost(now, self._cluster.lease + cluster.MARGIN):
            self.settle(LostError(f"its worker {self.grant.worker} was lost"))

    def settle(self, error: Exception) -> None:
        """Nobody will know how it ended."""
        if not self._settled.done():
            self._settled.set_exception(error)

    async def _result(self) -> None:
        """Wait for Dask's own idea of how it ended; where that says nothing of the right execution, others will."""
        from distributed import KilledWorker  # noqa: PLC0415 - there is a client already

        try:
            reply: Reply = await self._future
        except (CancelledError, KilledWorker):
            if not self.grant.token and self._cluster.connected:
                self.settle(LostError("the cluster dropped it before it began"))
        except Exception as error:  # noqa: BLE001 - whatever broke on the worker
            self.settle(error)
        else:
            refused = reply["ended"] == "refused" and self.grant.word == "go"
            if not refused and not self._settled.done():
                self._settled.set_result(reply)
