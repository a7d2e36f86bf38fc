"""A client of a live Prefect server's REST API; needs no Prefect here."""

from __future__ import annotations

from prefect_integration.rest.client import Login, Prefect

__all__ = ["Login", "Prefect"]
