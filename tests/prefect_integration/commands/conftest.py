"""The command, and a server that answers what these commands ask as Prefect does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from support.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Prefect:
    """What the server has, and what was changed in it."""

    url: str = ""
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    holders: dict[str, list[str]] = field(default_factory=dict)
    deployments: dict[str, dict[str, Any]] = field(default_factory=dict)
    pools: dict[str, dict[str, Any]] = field(default_factory=dict)
    workers: dict[str, list[str]] = field(default_factory=dict)
    settings: dict[str, Any] | None = None
    login: str = ""
    busy: int = 0
    changes: list[tuple[str, str, Any]] = field(default_factory=list)

    def has(self, name: str, **fields: Any) -> None:
        """There is a limit of that name."""
        plain = {"limit": 4, "active": True, "slot_decay_per_second": 0.0, "active_slots": 0}
        self.limits[name] = {"name": name} | plain | fields

    def answer(self, method: str, path: list[str], body: Any) -> tuple[int, Any]:  # noqa: C901 - one case a question
        if self.busy:
            self.busy -= 1
            return 503, {"exception_message": "Service Unavailable"}
        match method, path:
            case "POST", ["v2", "concurrency_limits", "filter"]:
                return 200, list(self.limits.values())[body["offset"] :][: body["limit"]]
            case "POST", ["v2", "concurrency_limits", ""]:
                self.changes.append((method, body["name"], body))
                self.has(**body)
                return 201, self.limits[body["name"]]
            case "GET", ["v2", "concurrency_limits", name] if name in self.limits:
                return 200, self.limits[name]
            case "PATCH", ["v2", "concurrency_limits", name] if name in self.limits:
                self.changes.append((method, name, body))
                self.limits[name] |= body
                return 204, None
            case "GET", ["concurrency_limits", "tag", tag] if f"tag:{tag}" in self.limits:
                return 200, {"active_slots": self.holders.get(f"tag:{tag}", [])}
            case "GET", ["deployments", "name", flow, name] if f"{flow}/{name}" in self.deployments:
                return 200, self.deployments[f"{flow}/{name}"]
            case "GET", ["work_pools", name] if name in self.pools:
                return 200, self.pools[name]
            case "POST", ["work_pools", name, "workers", "filter"]:
                return 200, [{"status": status} for status in self.workers.get(name, [])]
            case "GET", ["admin", "settings"] if self.settings is not None:
                return 200, {"server": self.settings}
        return 404, {"detail": f"no {'/'.join(path)}"}


class Handler(BaseHTTPRequestHandler):
    prefect: Prefect

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        path = [unquote(part) for part in urlsplit(self.path).path.split("/")[2:]]
        if self.prefect.login and self.headers.get("Authorization") != self.prefect.login:
            status, content = 401, {"detail": "Unauthorized"}
        else:
            status, content = self.prefect.answer(self.command, path, body)
        self.send_response(status)
        self.end_headers()
        if content is not None:
            self.wfile.write(json.dumps(content).encode())

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - http.server calls them so

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def prefect() -> Iterator[Prefect]:
    running = Prefect()
    handler = type("OneHandler", (Handler,), {"prefect": running})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        running.url = f"http://127.0.0.1:{server.server_port}/api"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield running
        server.shutdown()
        thread.join()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    for name in ("URL", "KEY", "AUTH_STRING"):
        monkeypatch.delenv(f"PREFECT_API_{name}", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Command(capsys)
