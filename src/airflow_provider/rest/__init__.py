"""A client of a live Airflow's public REST API (``/api/v2``); needs no Airflow here."""

from __future__ import annotations

from airflow_provider.rest.client import Airflow, Login

__all__ = ["Airflow", "Login"]
