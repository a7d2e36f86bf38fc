"""The command, and a server that answers what these commands ask as Airflow does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from support.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEALTHY = {"status": "healthy"}


@dataclass
class Airflow:
    """What the server has, and what was changed in it."""

    url: str = ""
    pools: dict[str, dict[str, Any]] = field(default_factory=lambda: {"default_pool": pool(128)})
    dags: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    import_errors: list[dict[str, Any]] = field(default_factory=list)
    health: dict[str, Any] = field(
        default_factory=lambda: dict.fromkeys(("scheduler", "dag_processor", "triggerer"), HEALTHY)
    )
    parallelism: int | None = None
    token: str = ""
    changes: list[tuple[str, str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: list[str], query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        match method, path:
            case "GET", ["pools"]:
                start = int(query["offset"][0])
                return 200, {"pools": list(self.pools.values())[start:], "total_entries": len(self.pools)}
            case "POST", ["pools"]:
                self.changes.append((method, body["name"], body))
                self.pools[body["name"]] = pool(**body)
                return 201, self.pools[body["name"]]
            case "PATCH", ["pools", name]:
                return self.change(name, body, query["update_mask"])
            case "GET", ["dags", name, "details"] if name in self.dags:
                return 200, self.dags[name]
            case "GET", ["dagSources", name] if name in self.sources:
                return 200, {"content": self.sources[name]}
            case "GET", ["importErrors"]:
                return 200, {"import_errors": self.import_errors, "total_entries": len(self.import_errors)}
            case "GET", ["monitor", "health"]:
                return 200, self.health
            case "GET", ["config", *_] if self.parallelism is None:
                return 403, {"detail": "hidden"}
            case "GET", ["config", *_]:
                return 200, {"sections": [{"options": [{"key": "parallelism", "value": str(self.parallelism)}]}]}
        return 404, {"detail": f"no {'/'.join(path)}"}

    def change(self, name: str, body: dict[str, Any], mask: list[str]) -> tuple[int, Any]:
        """Airflow asks for the whole pool, and changes of it what the mask names."""
        if missing := {"pool", "slots", "include_deferred"} - body.keys():
            return 422, {"detail": f"missing: {sorted(missing)}"}
        changed = {key: body[key] for key in mask}
        self.changes.append(("PATCH", name, changed))
        self.pools[name] |= changed
        return 200, self.pools[name]


def pool(
    slots: int, name: str = "default_pool", description: str = "", *, include_deferred: bool = False, occupied: int = 0
) -> dict[str, Any]:
    return {
        "name": name,
        "slots": slots,
        "description": description,
        "include_deferred": include_deferred,
        "occupied_slots": occupied,
    }


class Handler(BaseHTTPRequestHandler):
    airflow: Airflow

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        parts = urlsplit(self.path)
        path = [unquote(part) for part in parts.path.split("/")[3:]]
        if self.airflow.token and self.headers.get("Authorization") != f"Bearer {self.airflow.token}":
            status, content = 401, {"detail": "Not authenticated"}
        else:
            status, content = self.airflow.answer(self.command, path, parse_qs(parts.query), body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - http.server calls them so

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    running = Airflow()
    handler = type("OneHandler", (Handler,), {"airflow": running})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        running.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield running
        server.shutdown()
        thread.join()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    for name in ("URL", "USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"AIRFLOW_{name}", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Command(capsys)
