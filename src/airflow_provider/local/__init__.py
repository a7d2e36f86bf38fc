"""A whole Airflow on this machine, on loopback: for demonstrations, tests and measuring.

A home of its own in a folder that the caller names, free ports, SQLite or a PostgreSQL of its own;
nobody's ``~/airflow`` is touched. Everything that was started ends with it.
"""

from __future__ import annotations

from airflow_provider.local.airflow import LocalAirflow

__all__ = ["LocalAirflow"]
