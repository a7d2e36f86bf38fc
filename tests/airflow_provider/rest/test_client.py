from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider.rest import Airflow, Login
from taskgraph_core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(ThreadingHTTPServer):
    """Answers as Airflow does, and remembers what it was asked."""

    asked: list[tuple[str, str, str, Any]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        parts = urlsplit(self.path)
        match parts.path.split("/")[-1]:
            case "token":
                right = body == {"username": "admin", "password": "right"}
                self.send(201 if right else 401, {"access_token": "T"} if right else {"detail": "Invalid credentials"})
            case "pools":
                query = {name: int(value[0]) for name, value in parse_qs(parts.query).items()}
                names = [{"name": f"p{number}"} for number in range(230)]
                entries = names[query["offset"] :][: query["limit"]]
                self.send(200, {"pools": entries, "total_entries": len(names)})
            case "forbidden":
                self.send(403, {"detail": "Forbidden"})
            case "invalid":
                self.send(422, {"detail": [{"msg": "no"}]})
            case "elsewhere":
                self.send_response(302)
                self.send_header("Location", "/api/v2/stolen")
                self.end_headers()
            case "page":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html>")
            case _:
                self.send(200, {"ok": True})

    def send(self, status: int, content: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - http.server calls them so

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as serving:
        serving.asked = []
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/"


def test_every_page_of_a_collection_is_read(url: str) -> None:
    assert [pool["name"] for pool in Airflow(url).every("pools")] == [f"p{number}" for number in range(230)]


def test_parts_of_a_path_cannot_leave_their_place(server: Server, url: str) -> None:
    Airflow(url).get("dags", "../x?y=1#z", "dagRuns", state=["a b", "c"])

    assert server.asked[-1][1] == "/api/v2/dags/..%2Fx%3Fy%3D1%23z/dagRuns?state=a+b&state=c"


def test_a_user_is_logged_in_once(server: Server, url: str) -> None:
    airflow = Airflow(url, Login(user="admin", password="right"))

    airflow.post("x", body={"a": 1})
    airflow.patch("x", body={"b": 2}, update_mask="b")

    assert [(method, path, token, body) for method, path, token, body in server.asked] == [
        ("POST", "/auth/token", "", {"username": "admin", "password": "right"}),
        ("POST", "/api/v2/x", "Bearer T", {"a": 1}),
        ("PATCH", "/api/v2/x?update_mask=b", "Bearer T", {"b": 2}),
    ]


def test_a_token_needs_no_log_in(server: Server, url: str) -> None:
    Airflow(url, Login(token="own")).get("x")

    assert [token for _, _, token, _ in server.asked] == ["Bearer own"]


@pytest.mark.parametrize(
    ("path", "status", "what", "fix"),
    [
        ("forbidden", 403, "Airflow refuses (403): Forbidden", "give a token"),
        ("invalid", 422, 'Airflow refuses (422): [{"msg": "no"}]', ""),
        ("page", 0, "the answer is not one of Airflow", "check the URL"),
    ],
)
def test_a_refusal_says_what_where_and_what_to_do(url: str, path: str, status: int, what: str, fix: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Airflow(url).get(path)

    assert caught.value.what == what
    assert caught.value.status == status
    assert path in caught.value.where
    assert caught.value.fix.startswith(fix)


def test_a_password_is_told_to_nobody(url: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Airflow(url, Login(user="admin", password="sesame")).get("x")

    assert caught.value.status == 401
    assert "sesame" not in str(caught.value)


def test_a_login_does_not_show_what_is_secret() -> None:
    assert "sesame" not in repr(Login(token="sesame", user="admin", password="sesame"))


def test_a_token_is_not_taken_elsewhere(server: Server, url: str) -> None:
    with pytest.raises(ServiceError, match="the server sends to /api/v2/stolen"):
        Airflow(url, Login(token="own")).get("elsewhere")

    assert [path for _, path, _, _ in server.asked] == ["/api/v2/elsewhere"]


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        Airflow("http://127.0.0.1:1").get("x")


@pytest.mark.parametrize("text", ["", "localhost:8080", "file:///etc/passwd", "http://"])
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(ServiceError, match="not the URL"):
        Airflow(text)
