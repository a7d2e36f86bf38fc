"""A whole Prefect on this machine, on loopback: for demonstrations, tests and measuring.

A home of its own in a folder that the caller names, a free port, SQLite or a PostgreSQL of its
own; nobody's ``~/.prefect`` is touched, and nothing is sent to anybody. Everything that was
started ends with it.
"""

from __future__ import annotations

from prefect_integration.local.prefect import LocalPrefect

__all__ = ["LocalPrefect"]
