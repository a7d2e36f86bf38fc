"""Plans carried by Prefect, generated and written by hand: what a task costs, and how full limits get."""

from __future__ import annotations

import installed  # noqa: F401 - for what it does
