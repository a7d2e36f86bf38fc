"""Questions to one live Prefect server, and what it answers."""

from __future__ import annotations

import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskgraph_core.errors import ServiceError
from taskgraph_core.service import Service, address

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 200
"""Most entries of one answer; the server's own maximum unless it is configured otherwise."""

_BUSY = 503
"""How Prefect answers while its SQLite is locked by another writer."""

_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before it is asked again."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to be let in: an API key, or ``user:password`` as the server's ``auth_string``, or nothing."""

    key: str = ""
    auth_string: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What says so in a question."""
        if self.key:
            return {"Authorization": f"Bearer {self.key}"}
        if self.auth_string:
            return {"Authorization": f"Basic {b64encode(self.auth_string.encode()).decode()}"}
        return {}


class Prefect:
    """One live Prefect server at the URL of its API, such as ``http://localhost:4200/api``.

    Every question raises ``ServiceError`` where there is no answer, or one that refuses.
    """

    def __init__(self, url: str, login: Login | None = None, *, patience: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._service = Service("Prefect", self.url, "write it like http://localhost:4200/api", patience)
        self._headers = (login or Login()).headers

    def get(self, *path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """What stands at a path; its parts are quoted."""
        return self._ask("GET", f"/{address(*path, **query)}")

    def post(self, *path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """Create something, or ask a question that needs more than a path."""
        return self._ask("POST", f"/{address(*path)}", body)

    def patch(self, *path: str, body: object) -> None:
        """Change something."""
        self._ask("PATCH", f"/{address(*path)}", body)

    def every(self, *path: str, **body: object) -> Iterator[dict[str, Any]]:
        """Every entry that a ``…/filter`` finds, page by page."""
        seen = 0
        while entries := self.post(*path, "filter", body={**body, "limit": PAGE, "offset": seen}):
            yield from entries
            seen += len(entries)
            if len(entries) < PAGE:
                return

    def _ask(self, method: str, place: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        for pause in _PAUSES:
            try:
                return self._service.ask(method, place, body, headers=self._headers)
            except ServiceError as error:
                if error.status != _BUSY:
                    raise
            time.sleep(pause)
        return self._service.ask(method, place, body, headers=self._headers)
