from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from support.graphs import graph_of
from taskgraph_core.engine.actions.wait import answers, pauses
from taskgraph_core.ir import Command, Task, TaskGraph, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskgraph_core.record import Attempt

    from .conftest import Project


def only(project: Project, what: Any, target: str, timeout: float | None = 20.0) -> Attempt:
    task = Task(id="1", action=Wait(what=what, target=target, interval=0.01), timeout=timeout)
    return project.run(TaskGraph(id="one", tasks=(task,))).tasks[0].attempts[-1]


@contextmanager
def server(*statuses: int) -> Iterator[str]:
    """A server that answers with one status after the other, the last for ever."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def test_a_file_is_awaited_in_the_project(project: Project) -> None:
    graph = graph_of(
        "wait",
        "write",
        tasks={
            "wait": {"action": Wait(what="file", target="flag", interval=0.01), "timeout": 20.0},
            "write": {"action": Command(argv=("sh", "-c", "sleep 0.1; touch flag"))},
        },
    )
    record = project.run(graph)
    assert record.state == "success"
    assert record.by_id["wait"].attempts[0].ended >= record.by_id["write"].attempts[0].started


def test_what_never_comes_is_ended_by_the_timeout(project: Project) -> None:
    assert only(project, "file", "never", 0.1).error == "timed out after 100 ms; it waited for file 'never'"


def test_a_server_is_asked_until_it_answers_2xx(project: Project) -> None:
    with server(503, 404, 204) as url:
        assert only(project, "http", url).outcome == "success"


@pytest.mark.parametrize(("status", "there"), [(200, True), (299, True), (404, False), (500, False)])
def test_only_2xx_means_there(status: int, there: bool) -> None:  # noqa: FBT001
    with server(status) as url:
        assert answers(url) is there


def test_a_server_that_does_not_exist_is_asked_again(project: Project) -> None:
    assert only(project, "http", "http://127.0.0.1:9/", 0.2).error.startswith("timed out after 200 ms; ")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/x", "http://", "example.org", "http://[", "http://a b/"]
)
def test_an_address_that_is_no_url_of_a_server_fails_at_once(project: Project, url: str) -> None:
    assert only(project, "http", url).error.startswith(f"cannot wait for http '{url}': ")


def test_a_command_is_asked_until_it_exits_with_zero(project: Project) -> None:
    assert only(project, "command", "echo asked >> count; test $(wc -l < count) -ge 3").outcome == "success"
    assert project.read("count") == "asked\n" * 3


def test_the_pauses_grow_up_to_the_longest() -> None:
    wait = Wait(what="file", target="x", interval=2, factor=3, max_interval=20)
    assert list(islice(pauses(wait), 5)) == [2, 6, 18, 20, 20]


def test_pauses_are_never_shorter_than_the_interval() -> None:
    wait = Wait(what="file", target="x", interval=600, factor=2, max_interval=300)
    assert list(islice(pauses(wait), 2)) == [600, 600]


def test_a_command_that_is_asked_when_time_is_up_is_ended(project: Project, lives: Callable[[int], bool]) -> None:
    attempt = only(project, "command", "echo $$ > pids; sleep 600", 1.0)
    assert attempt.error == "timed out after 1 s; it waited for command 'echo $$ > pids; sleep 600'"
    assert not any(map(lives, project.pids()))


def test_a_time_in_the_past_is_there(project: Project) -> None:
    assert only(project, "time", "2001-01-01T00:00:00Z").outcome == "success"


def test_a_time_is_awaited(project: Project) -> None:
    due = datetime.now(UTC) + timedelta(seconds=0.2)
    assert only(project, "time", due.isoformat()).ended >= due.timestamp() - 0.001


@pytest.mark.parametrize("instant", ["2001-01-01T00:00:00", "tomorrow"])
def test_a_time_that_is_no_instant_fails_at_once(project: Project, instant: str) -> None:
    assert only(project, "time", instant).error.startswith(f"cannot wait for time '{instant}': ")
