"""Questions in JSON over HTTP to a live system, such as an Airflow or a Prefect."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from taskgraph_core.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN = (401, 403)
_ELSEWHERE = (301, 302, 303, 307, 308)


class _Stay(HTTPRedirectHandler):
    """Follows nowhere: what was asked, and a token most of all, is for the server that was named."""

    def redirect_request(self, *_: object) -> None:
        """None, which makes an error of it."""


_OPENER = build_opener(_Stay)


@dataclass(frozen=True, slots=True)
class Service:
    """One live system.

    Attributes:
        name: what people call it, for errors.
        url: where its API begins, without a slash at the end.
        fix_url: what a right URL looks like, for errors.
        patience: seconds until a question counts as not answered.

    Raises:
        ServiceError: the URL is none.
    """

    name: str
    url: str
    fix_url: str
    patience: float = 60.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            msg = f"{self.url!r} is not the URL of {self.name}"
            raise ServiceError(msg, fix=self.fix_url)

    def ask(self, method: str, place: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        """What it answers, decoded; an empty dictionary where it answers with nothing.

        Raises:
            ServiceError: there is no answer, or one that refuses.
        """
        told = {"Accept": "application/json", **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            told["Content-Type"] = "application/json"
        request = Request(self.url + place, data=content, headers=told, method=method)  # noqa: S310 - http only
        try:
            with _OPENER.open(request, timeout=self.patience) as answer:
                text = answer.read()
            return json.loads(text) if text else {}
        except HTTPError as error:
            with error:
                raise self._refusal(error, f"{method} {self.url}{place}") from None
        except ValueError:
            msg = f"the answer is not one of {self.name}"
            raise ServiceError(msg, where=self.url + place, fix="check the URL") from None
        except (OSError, HTTPException) as error:
            msg = f"{self.name} does not answer: {getattr(error, 'reason', error)}"
            raise ServiceError(msg, where=self.url, fix="check the URL, and that its server runs") from None

    def _refusal(self, error: HTTPError, where: str) -> ServiceError:
        if error.code in _ELSEWHERE:
            msg = f"the server sends to {error.headers.get('Location', 'somewhere else')}"
            return ServiceError(msg, where=where, fix=f"give the URL of {self.name} itself", status=error.code)
        text = error.read().decode(errors="replace")
        try:
            detail = json.loads(text)["detail"]
        except (ValueError, KeyError, TypeError):
            detail = text[:300]
        if not isinstance(detail, str):
            detail = json.dumps(detail)
        fix = "give a token, or a user's name and password" if error.code in _FORBIDDEN else ""
        return ServiceError(f"{self.name} refuses ({error.code}): {detail}", where=where, fix=fix, status=error.code)


def address(*path: str, **query: object) -> str:
    """Parts of a path and a query, quoted so that no part can leave its place."""
    place = "/".join(quote(part, safe="") for part in path)
    return f"{place}?{urlencode(query, doseq=True)}" if query else place
