"""``python nightly.py``: a generated file as a program, which runs its flow once or serves its schedule."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from prefect.schedules import Cron
from prefect.settings import PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS, temporary_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect import Flow


STARTING = 120
"""Seconds that Prefect's own server of a run without one has to start; its first takes longer than the default 20."""


def main(flow: Flow[..., Any], graph: Mapping[str, Any], arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code is 0 if the run completed, or serving has ended.

    Args:
        flow: the file's flow.
        graph: the graph's row, which holds the schedule.
        arguments: the command line's words, without the program's name.
    """
    wanted = _parser(flow.name).parse_args(arguments)
    parameters = {"only": wanted.only, "dry_run": wanted.dry_run}
    if wanted.what == "run":
        with temporary_settings(set_defaults={PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: STARTING}):
            return 0 if flow(**parameters, return_state=True).is_completed() else 1
    schedule = graph.get("schedule")
    flow.serve(
        name=flow.name,
        schedules=[Cron(schedule["cron"], timezone=schedule.get("timezone", "UTC"))] if schedule else [],
        parameters=parameters,
        tags=["taskgraph", f"graph:{flow.name}"],
        version=flow.version,
        limit=1,  # as the deployment: two runs of one plan at the same time would do the same work twice
    )
    return 0


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"The flow {name}.")
    parser.add_argument(
        "what",
        nargs="?",
        choices=["run", "serve"],
        default="run",
        help="run it once, which is what it does without a word, or serve its schedule until Ctrl-C",
    )
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="only these tasks: 5, 5.*, tag:..., priority:..."
    )
    parser.add_argument("--dry-run", action="store_true", help="log what each task would do instead of doing it")
    return parser
