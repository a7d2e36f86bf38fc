from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.running import exchange as module
from prefect_integration.running.exchange import Exchange, heeded
from taskgraph_core.engine.single.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

KEY = json.dumps([False, 1, "a\nb \u00e9"])


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk(output_limit=1000) as desk:
        yield desk


@pytest.fixture(params=["here", "elsewhere"])
def exchange(request: pytest.FixtureRequest, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    """One in this process, and one that is reached as from another."""
    found = Exchange(str(desk.folder() / "exchange"))
    found.open(desk)
    if request.param == "elsewhere":
        monkeypatch.setattr(module, "_HERE", {})
    yield found
    found.close()


async def nowhere(first: Future[str], end: Any) -> None:
    first.set_result("asked the API")


def test_an_attempt_begins_and_hears_that_it_has_to_end(exchange: Exchange, desk: Desk) -> None:
    ended = threading.Event()
    with heeded(exchange.address, KEY, ended.set, lambda: desk, nowhere) as word:
        assert word == "go"
        assert exchange.has_begun(KEY)
        assert exchange.stop(KEY)
        assert ended.wait(60)


def test_what_was_stopped_before_does_not_begin(exchange: Exchange, desk: Desk) -> None:
    assert not exchange.stop(KEY)
    with heeded(exchange.address, KEY, lambda: None, lambda: desk, nowhere) as word:
        assert word == "stop"
    assert not exchange.has_begun(KEY)


def test_an_attempt_begins_once(exchange: Exchange, desk: Desk) -> None:
    for expected in ("go", "again"):
        with heeded(exchange.address, KEY, lambda: None, lambda: desk, nowhere) as word:
            assert word == expected


def test_stopping_one_spares_the_others(exchange: Exchange, desk: Desk) -> None:
    ended = threading.Event()
    other = threading.Event()
    with (
        heeded(exchange.address, KEY, ended.set, lambda: desk, nowhere),
        heeded(exchange.address, "other", other.set, lambda: desk, nowhere),
    ):
        exchange.stop(KEY)
        assert ended.wait(60)
        assert not other.is_set()


def test_on_another_machine_the_api_is_asked(tmp_path: Path, desk: Desk) -> None:
    with heeded(str(tmp_path / "none"), KEY, lambda: None, lambda: desk, nowhere) as word:
        assert word == "asked the API"


def test_nobody_begins_for_a_flow_that_is_gone(tmp_path: Path, desk: Desk) -> None:
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    with heeded(str(place), KEY, lambda: None, lambda: desk, nowhere) as word:
        assert word == "lost"


def test_an_attempt_ends_when_its_flow_is_gone(tmp_path: Path, desk: Desk) -> None:
    place = tmp_path / "s"
    ended = threading.Event()
    with socket.socket(socket.AF_UNIX) as flow:
        flow.bind(str(place))
        flow.listen()

        def answer() -> None:
            connection, _ = flow.accept()
            connection.recv(1000)
            connection.sendall(b"go\n")
            connection.close()

        threading.Thread(target=answer).start()
        with heeded(str(place), KEY, ended.set, lambda: desk, nowhere) as word:
            assert word == "go"
            assert ended.wait(60)
