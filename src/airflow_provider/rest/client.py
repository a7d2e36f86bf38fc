"""Questions to one live Airflow, and what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from taskgraph_core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 100
"""Most entries of one answer; Airflow's own maximum unless it is configured otherwise."""

_FORBIDDEN = (401, 403)


@dataclass(frozen=True, slots=True)
class Login:
    """How to be let in: a token, or a user's name and password, or nothing where Airflow asks for nothing."""

    token: str = ""
    user: str = ""
    password: str = ""


class Airflow:
    """One live Airflow at a URL such as ``http://localhost:8080``.

    Every question raises ``ServiceError`` where there is no answer, or one that refuses.
    """

    def __init__(self, url: str, login: Login | None = None, *, patience: float = 60.0) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            msg = f"{url!r} is not the URL of an Airflow"
            raise ServiceError(msg, fix="write it like http://localhost:8080")
        self.url = url.rstrip("/")
        self._login = login or Login()
        self._token = self._login.token
        self._patience = patience

    def get(self, *path: str, **query: object) -> dict[str, Any]:
        """What stands at a path; its parts are quoted."""
        return self._ask("GET", _address(path, query))

    def post(self, *path: str, body: object) -> dict[str, Any]:
        """Create something."""
        return self._ask("POST", _address(path), body)

    def patch(self, *path: str, body: object, **query: object) -> dict[str, Any]:
        """Change something."""
        return self._ask("PATCH", _address(path, query), body)

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

    def _ask(self, method: str, address: str, body: object = None) -> dict[str, Any]:
        if not self._token and self._login.user:
            credentials = {"username": self._login.user, "password": self._login.password}
            self._token = self._send("POST", "/auth/token", credentials)["access_token"]
        return self._send(method, f"/api/v2/{address}", body)

    def _send(self, method: str, address: str, body: object) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = Request(self.url + address, data=content, headers=headers, method=method)  # noqa: S310 - http only
        try:
            with urlopen(request, timeout=self._patience) as answer:  # noqa: S310 - http only
                text = answer.read()
            found: dict[str, Any] = json.loads(text) if text else {}
        except HTTPError as error:
            with error:
                raise _refusal(error, f"{method} {self.url}{address}") from None
        except ValueError:
            msg = "the answer is not one of an Airflow 3"
            raise ServiceError(msg, where=self.url + address, fix="check the URL") from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            msg = f"Airflow does not answer: {reason}"
            raise ServiceError(msg, where=self.url, fix="check the URL, and that its API server runs") from None
        return found


def _address(path: tuple[str, ...], query: dict[str, object] | None = None) -> str:
    place = "/".join(quote(part, safe="") for part in path)
    return f"{place}?{urlencode(query, doseq=True)}" if query else place


def _refusal(error: HTTPError, where: str) -> ServiceError:
    text = error.read().decode(errors="replace")
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = text[:300]
    if not isinstance(detail, str):
        detail = json.dumps(detail)
    fix = "give a token, or a user's name and password" if error.code in _FORBIDDEN else ""
    return ServiceError(f"Airflow refuses ({error.code}): {detail}", where=where, fix=fix, status=error.code)
