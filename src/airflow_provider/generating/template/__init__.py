"""The code of a generated DAG file, in pieces: a file holds those its tasks need.

Each piece is text that was written by hand, formatted and linted; nothing of a plan is ever put
into it. What a plan brings is data, in the tables above the code.
"""

from __future__ import annotations

from airflow_provider.generating.template.commands import COMMAND, NOTHING
from airflow_provider.generating.template.functions import CALL
from airflow_provider.generating.template.sentinel import ASKS_FOR_FAILURES
from airflow_provider.generating.template.waits import (
    WAIT_FOR_COMMAND,
    WAIT_FOR_FILE,
    WAIT_FOR_HTTP,
    WAIT_FOR_TIME,
    WAITING_LONGER,
)

__all__ = ["IN_FOLDER", "NOTHING", "PIECES", "WAITING_LONGER"]

PIECES = {
    "command": COMMAND,
    "call": CALL,
    "wait_for_file": WAIT_FOR_FILE,
    "wait_for_http": WAIT_FOR_HTTP,
    "wait_for_command": WAIT_FOR_COMMAND,
    "wait_for_time": WAIT_FOR_TIME,
    "asks_for_failures": ASKS_FOR_FAILURES,
}
"""By the entry of a row that asks for it, in the order in which ``make_task`` looks."""

IN_FOLDER = frozenset({"command", "call", "wait_for_command"})
"""Kinds of rows whose pieces use the constant ``FOLDER``."""
