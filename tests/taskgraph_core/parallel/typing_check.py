"""Checked by mypy, never run: what ``add`` is given decides what its handle gives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, assert_type

from taskgraph_core.parallel import Handle, Resource, Retry, TaskResult, parallel


async def fetch(url: str, *, tries: int = 1) -> bytes:
    return url.encode() * tries


def parse(data: bytes) -> list[int]:
    return list(data)


class Reader:
    async def __call__(self, place: Path) -> str:
        return place.name


async def main() -> None:
    async with parallel(5, name="docs", on_error="stop", resources=[Resource(name="api", capacity=2)]) as group:
        fetched = group.add(fetch, "x", name="a", retry=Retry(attempts=3), claims="api", tries=2)
        assert_type(await fetched, bytes)
        assert_type(fetched.result(), TaskResult[bytes])
        assert_type(fetched.result().value, bytes | None)
        handles: list[object] = [
            assert_type(fetched, Handle[bytes]),
            assert_type(group.add(parse, b"x"), Handle[list[int]]),
            assert_type(group.add(fetch("x")), Handle[bytes]),
            assert_type(group.add(partial(fetch, "x")), Handle[bytes]),
            assert_type(group.add(Reader(), Path()), Handle[str]),
            group.add(fetch("x"), retry=Retry(attempts=2)),  # type: ignore[call-overload]
            group.add(3),  # type: ignore[call-overload]
        ]
        assert_type(len(handles), int)
        async for result in group.stream():
            assert_type(result.ok, bool)
        assert_type(await group.gather_dict(), dict[str, TaskResult[Any]])
    parallel(on_error="sometimes")  # type: ignore[arg-type]
