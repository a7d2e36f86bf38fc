"""Plans carried by Airflow, written in three ways, read as Airflow reads them and run by its scheduler."""

from __future__ import annotations

import sys
from pathlib import Path

# The folder around this one holds an `airflow.py`: whoever asks for `airflow` shall find the installed package first.
AROUND = str(Path(__file__).parents[1])
if AROUND in sys.path:
    sys.path.remove(AROUND)
    sys.path.append(AROUND)
