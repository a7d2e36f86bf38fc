from __future__ import annotations

import socket

import pytest

from taskgraph_core.errors import EngineError
from taskgraph_core.servers.postgres import Postgres, programs


@pytest.mark.skipif(programs() is None, reason="no PostgreSQL is installed here")
def test_it_listens_on_loopback_and_is_gone_afterwards() -> None:
    with Postgres("somebody") as postgres:
        user, _, place = postgres.address.partition("@")
        place, _, database = place.partition("/")
        host, _, port = place.partition(":")
        folder = postgres.folder
        socket.create_connection((host, int(port))).close()

    assert user == database == "somebody"
    assert host == "127.0.0.1"
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_where_none_is_installed_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskgraph_core.servers.postgres.programs", lambda: None)

    with pytest.raises(EngineError, match="no PostgreSQL is installed") as caught, Postgres("somebody"):
        pass

    assert "SQLite" in caught.value.fix
