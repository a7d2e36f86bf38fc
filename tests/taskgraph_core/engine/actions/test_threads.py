from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from taskgraph_core.engine.actions.threads import Threads


def test_calls_run_side_by_side_and_threads_are_used_again() -> None:
    together = threading.Barrier(5)

    def work() -> int:
        together.wait(20)
        return threading.get_ident()

    async def main() -> None:
        threads = Threads()
        first = await asyncio.gather(*(threads.call(work) for _ in range(5)))
        second = await asyncio.gather(*(threads.call(work) for _ in range(5)))
        threads.close()
        assert len(set(first)) == 5
        assert set(first) == set(second)

    asyncio.run(main())


def test_a_function_that_hangs_takes_nobody_elses_thread() -> None:
    release = threading.Event()

    async def main() -> None:
        threads = Threads()
        hanging = threads.call(release.wait)
        hanging.cancel()
        assert await threads.call(lambda: "answer") == "answer"
        threads.close()

    asyncio.run(main())
    release.set()


def test_an_exception_comes_back() -> None:
    async def main() -> None:
        threads = Threads()
        with pytest.raises(ZeroDivisionError):
            await threads.call(lambda: 1 / 0)
        threads.close()

    asyncio.run(main())


def test_the_context_of_the_caller_goes_along() -> None:
    name = contextvars.ContextVar("name", default="nobody")

    async def main() -> None:
        threads = Threads()
        name.set("caller")
        assert await threads.call(name.get) == "caller"
        threads.close()

    asyncio.run(main())


def test_threads_end_when_closed() -> None:
    async def main() -> list[threading.Thread]:
        threads = Threads()
        found = await asyncio.gather(*(threads.call(threading.current_thread) for _ in range(3)))
        threads.close()
        return found

    for thread in asyncio.run(main()):
        thread.join(20)
        assert not thread.is_alive()
