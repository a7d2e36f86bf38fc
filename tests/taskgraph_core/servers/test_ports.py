from __future__ import annotations

from taskgraph_core.servers.ports import free_ports


def test_ports_are_free_and_differ() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
