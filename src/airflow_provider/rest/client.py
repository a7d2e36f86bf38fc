"""Questions to one live Airflow, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from taskgraph_core.service import Service, address

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 100
"""Most entries of one answer; Airflow's own maximum unless it is configured otherwise."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to be let in: a token, or a user's name and password, or nothing where Airflow asks for nothing."""

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


class Airflow:
    """One live Airflow at a URL such as ``http://localhost:8080``.

    Every question raises ``ServiceError`` where there is no answer, or one that refuses.
    """

    def __init__(self, url: str, login: Login | None = None, *, patience: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._service = Service("Airflow", self.url, "write it like http://localhost:8080", patience)
        self._login = login or Login()
        self._token = self._login.token

    def get(self, *path: str, **query: object) -> dict[str, Any]:
        """What stands at a path; its parts are quoted."""
        return self._ask("GET", address(*path, **query))

    def post(self, *path: str, body: object) -> dict[str, Any]:
        """Create something."""
        return self._ask("POST", address(*path), body)

    def patch(self, *path: str, body: object, **query: object) -> dict[str, Any]:
        """Change something."""
        return self._ask("PATCH", address(*path, **query), body)

    def every(self, *path: str, **query: object) -> Iterator[dict[str, Any]]:
        """Every entry of a collection, page by page."""
        seen = 0
        while True:
            answer = self.get(*path, limit=PAGE, offset=seen, **query)
            entries = next((value for value in answer.values() if isinstance(value, list)), [])
            yield from entries
            seen += len(entries)
            if not entries or seen >= answer["total_entries"]:
                return

    def _ask(self, method: str, place: str, body: object = None) -> dict[str, Any]:
        if not self._token and self._login.user:
            credentials = {"username": self._login.user, "password": self._login.password}
            self._token = self._service.ask("POST", "/auth/token", credentials)["access_token"]
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        answer: dict[str, Any] = self._service.ask(method, f"/api/v2/{place}", body, headers=headers)
        return answer
