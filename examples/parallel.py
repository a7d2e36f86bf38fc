"""Eleven pages, at most four at a time, from a server that sometimes fails: `python examples/parallel.py`.

Each page is a task; a task opens a group of its own for the pictures on it, within the same limit.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from taskgraph_core.parallel import ParallelEventPrinter, Rate, Resource, Retry, parallel

TRIES: Counter[int] = Counter()


async def picture(page: int, number: int) -> int:
    """Fetch a picture: its size."""
    await asyncio.sleep(0.02)
    return 1000 * page + number


async def page(number: int) -> int:
    """Fetch a page and its pictures: their size together. Every third page fails at first, page 10 always."""
    TRIES[number] += 1
    await asyncio.sleep(0.05)
    if number == 10 or (number % 3 == 0 and TRIES[number] == 1):
        msg = f"page {number} is not there"
        raise ConnectionError(msg)
    async with parallel(name=f"pictures of page {number}") as pictures:
        for picture_number in range(3):
            pictures.add(picture, number, picture_number)
        return sum([result.value async for result in pictures.stream()])


async def main() -> int:
    """Fetch everything; the exit code is 0 if only page 10 is missing."""
    server = Resource(name="server", rate=Rate(amount=20, seconds=0.5))
    async with parallel(4, name="pages", resources=[server], observers=[ParallelEventPrinter()]) as group:
        for number in range(11):
            group.add(page, number, name=f"page {number}", claims="server", retry=Retry(attempts=2, delay=0.1))
        results = await group.gather()
    for result in results:
        print(f"{result.name:<8} {result.state:<8} attempts {result.attempts}  {result.value or result.error}")
    return 0 if [result.name for result in results if not result.ok] == ["page 10"] else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
