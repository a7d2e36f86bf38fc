"""Import this before `airflow` or `prefect`: files here have their names, and the installed packages shall be found."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = str(Path(__file__).parent)
if HERE in sys.path:
    sys.path.remove(HERE)
    sys.path.append(HERE)
