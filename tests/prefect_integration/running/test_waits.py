from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.running.outcome import CANCELLED, SUCCESS
from prefect_integration.running.programs import Surroundings
from prefect_integration.running.waits import wait_until_there
from taskgraph_core.ir import Wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def around(**fields: Any) -> Surroundings:
    return Surroundings(**{"environment": dict(os.environ), "stop": threading.Event(), "log": print, **fields})


class Moody(BaseHTTPRequestHandler):
    """Answers 503 to the first question and 200 to the second."""

    answers: list[int]

    def do_GET(self) -> None:
        self.send_response(self.answers.pop(0))
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def moody() -> Iterator[str]:
    Moody.answers = [503, 200]
    with HTTPServer(("127.0.0.1", 0), Moody) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_file_that_exists_is_there(tmp_path: Path) -> None:
    assert wait_until_there(Wait(what="file", target=str(tmp_path)), around()) == SUCCESS


def test_a_file_is_asked_for_again(tmp_path: Path) -> None:
    threading.Timer(0.1, (tmp_path / "late").touch).start()

    assert wait_until_there(Wait(what="file", target=str(tmp_path / "late"), interval=0.02), around()) == SUCCESS


def test_a_server_is_asked_until_it_answers_well(moody: str) -> None:
    assert wait_until_there(Wait(what="http", target=moody, interval=0.02), around()) == SUCCESS
    assert Moody.answers == []


def test_a_server_that_is_not_there_is_not_yet_there() -> None:
    gone = Wait(what="http", target="http://127.0.0.1:1/", interval=0.02)

    assert wait_until_there(gone, around(timeout=0.1)).timed_out


def test_a_command_is_asked_until_it_succeeds(tmp_path: Path) -> None:
    line = f"echo x >> {tmp_path}/asked; test $(wc -l < {tmp_path}/asked) -ge 3"

    assert wait_until_there(Wait(what="command", target=line, interval=0.01), around()) == SUCCESS
    assert (tmp_path / "asked").read_text() == "x\n" * 3


def test_questions_become_rarer(tmp_path: Path) -> None:
    rests: list[float | None] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout)
            if len(rests) == 4:
                self.set()
            return self.is_set()

    missing = Wait(what="file", target=str(tmp_path / "never"), interval=1, factor=3, max_interval=5)

    assert wait_until_there(missing, around(stop=Stop())) == CANCELLED
    assert rests == [1, 3, 5, 5]


def test_an_instant_comes() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=0.1)).isoformat()

    assert wait_until_there(Wait(what="time", target=soon), around()) == SUCCESS
    assert datetime.now(UTC) >= datetime.fromisoformat(soon)


def test_an_instant_in_the_past_is_there() -> None:
    assert wait_until_there(Wait(what="time", target="2001-01-01T00:00:00+02:00"), around()) == SUCCESS


@pytest.mark.parametrize(
    ("what", "target"),
    [
        ("time", "tomorrow"),
        ("time", "2001-01-01T00:00:00"),
        ("http", "file:///etc/passwd"),
        ("http", "ftp://example.org"),
        ("file", "a\0b"),
    ],
)
def test_what_can_never_be_there_fails_at_once(what: Any, target: str) -> None:
    ended = wait_until_there(Wait(what=what, target=target), around())

    assert ended.outcome == "failed"
    assert not ended.timed_out
    assert ended.reason.startswith("cannot wait for this: ")


def test_time_runs_out_while_waiting(tmp_path: Path) -> None:
    missing = Wait(what="file", target=str(tmp_path / "never"), interval=3600)

    assert wait_until_there(missing, around(timeout=0.1)).timed_out


def test_a_very_long_wait_can_be_stopped() -> None:
    surroundings = around()
    threading.Timer(0.1, surroundings.stop.set).start()

    assert wait_until_there(Wait(what="time", target="9999-01-01T00:00:00Z"), surroundings) == CANCELLED
