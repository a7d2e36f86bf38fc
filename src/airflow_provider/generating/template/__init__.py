"""The code of a generated DAG file, in pieces: a file holds those its tasks need.

Each piece is text that was written by hand, formatted and linted; nothing of a plan is ever put
into it. What a plan brings is data, in the tables above the code.
"""

from __future__ import annotations

from airflow_provider.generating.template.commands import COMMAND, NOTHING
from airflow_provider.generating.template.functions import CALL
from airflow_provider.generating.template.provider import PLANNED_UNLIMITED, PROVIDED_CALL, PROVIDED_COMMAND
from airflow_provider.generating.template.reporting import REPORTING, REPORTING_TO_PLAN
from airflow_provider.generating.template.rollback import MAKE_UNDO, ROLLS_BACK, STARTS_ROLLBACK, UNDOING
from airflow_provider.generating.template.run_time import KEEPING, KEEPING_TO_RUN_TIME
from airflow_provider.generating.template.sentinel import ASKS_FOR_FAILURES
from airflow_provider.generating.template.waits import (
    WAIT_FOR_COMMAND,
    WAIT_FOR_FILE,
    WAIT_FOR_HTTP,
    WAIT_FOR_TIME,
)

__all__ = [
    "IN_FOLDER",
    "KEEPING",
    "KEEPING_TO_RUN_TIME",
    "MAKE_UNDO",
    "NOTHING",
    "PIECES",
    "PLANNED_UNLIMITED",
    "PROVIDED",
    "REPORTING",
    "REPORTING_TO_PLAN",
    "UNDOING",
]

PIECES = {
    "command": COMMAND,
    "call": CALL,
    "wait_for_file": WAIT_FOR_FILE,
    "wait_for_http": WAIT_FOR_HTTP,
    "wait_for_command": WAIT_FOR_COMMAND,
    "wait_for_time": WAIT_FOR_TIME,
    "asks_for_failures": ASKS_FOR_FAILURES,
    "starts_rollback": STARTS_ROLLBACK,
    "rolls_back": ROLLS_BACK,
}
"""By the entry of a row that asks for it, in the order in which ``make_task`` looks."""

PROVIDED = {"command": PROVIDED_COMMAND, "call": PROVIDED_CALL}
"""Instead of these, in a file that uses the provider."""

IN_FOLDER = frozenset({"command", "call", "wait_for_command"})
"""Kinds of rows whose pieces use the constant ``FOLDER``."""
