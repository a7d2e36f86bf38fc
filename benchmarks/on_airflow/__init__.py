"""Plans carried by Airflow, written in three ways, read as Airflow reads them and run by its scheduler."""

from __future__ import annotations

import installed  # noqa: F401 - for what it does
