"""Python functions in the running interpreter: n independent no-ops, at most ``parallel`` at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rivals.work import nothing, nothing_async

Contestant = Callable[[int, int], object]


def thread_pool(number: int, parallel: int) -> None:
    """``concurrent.futures``."""
    with ThreadPoolExecutor(parallel) as pool:
        for future in [pool.submit(nothing) for _ in range(number)]:
            future.result()


def bare_asyncio(number: int, parallel: int) -> None:
    """Workers that take from one iterator."""

    async def main() -> None:
        work = iter(range(number))

        async def worker() -> None:
            for _ in work:
                await nothing_async()

        await asyncio.gather(*(worker() for _ in range(parallel)))

    asyncio.run(main())


def asyncio_tasks(number: int, parallel: int) -> None:
    """A task for each, and a semaphore, as most people write it."""

    async def main() -> None:
        free = asyncio.Semaphore(parallel)

        async def one() -> None:
            async with free:
                await nothing_async()

        await asyncio.gather(*(one() for _ in range(number)))

    asyncio.run(main())


def joblib_threads(number: int, parallel: int) -> None:
    """``joblib.Parallel`` with threads."""
    from joblib import Parallel, delayed  # noqa: PLC0415 - who is not installed does not take part

    Parallel(n_jobs=parallel, backend="threading")(delayed(nothing)() for _ in range(number))


def dask_threads(number: int, parallel: int) -> None:
    """Dask's threaded scheduler."""
    from dask.threaded import get  # noqa: PLC0415 - likewise

    names = [f"t{n}" for n in range(number)]
    get(dict.fromkeys(names, (nothing,)), names, num_workers=parallel)


class DaskDistributed:
    """A cluster on this machine, started once: its start is not what is measured."""

    def __init__(self, parallel: int) -> None:
        from distributed import Client  # noqa: PLC0415 - likewise

        self._client = Client(
            processes=False, n_workers=1, threads_per_worker=parallel, dashboard_address=None, set_as_default=False
        )

    def __call__(self, number: int, _parallel: int) -> None:
        """Submit all, gather all."""
        self._client.gather([self._client.submit(nothing, pure=False) for _ in range(number)])

    def close(self) -> None:
        """End the cluster."""
        self._client.close()
