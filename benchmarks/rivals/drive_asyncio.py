"""A plain driver with asyncio: graphlib says what is ready, a semaphore bounds the subprocesses."""

from __future__ import annotations

import asyncio
import json
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any


async def main(shape: dict[str, Any]) -> None:
    """Carry out a shape."""
    order = TopologicalSorter(dict(enumerate(shape["upstream"])))
    order.prepare()
    free = asyncio.Semaphore(shape["parallel"])
    ended: asyncio.Queue[int] = asyncio.Queue()
    tasks = set()

    async def run(number: int) -> None:
        async with free:
            process = await asyncio.create_subprocess_exec(*shape["argv"])
            if await process.wait():
                msg = f"task {number} failed"
                raise RuntimeError(msg)
        ended.put_nowait(number)

    while order.is_active():
        for number in order.get_ready():
            tasks.add(asyncio.create_task(run(number)))
        order.done(await ended.get())


asyncio.run(main(json.loads(Path(sys.argv[1]).read_bytes())))
