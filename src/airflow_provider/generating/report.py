"""Where the statuses of tasks go while a run goes on (``--sync``)."""

from __future__ import annotations

import re
from typing import NamedTuple

from airflow_provider.generating.layout import LAYOUT

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]{0,200}")


class Report(NamedTuple):
    """The plan that is told of its tasks, as it lies on Airflow's workers.

    Attributes:
        plan: its file, or its project's folder; a relative one is seen from the folder of the DAG file.
        tag: which list of it; empty if it has only one.
        failed: the status of a task that failed.
    """

    plan: str
    tag: str
    failed: str

    @property
    def constants(self) -> str:
        """What the generated file knows of it."""
        named = {"PLAN": self.plan, "PLAN_TAG": self.tag or None, "PLAN_FAILED": self.failed}
        return "".join(LAYOUT.assignment(name, value) for name, value in named.items())

    @property
    def flags(self) -> str:
        """How it was asked for; the header of a generated file holds nothing that could end it."""
        tag = f" --sync-tag {shown(self.tag, 'TAG')}" if self.tag else ""
        failed = f" --sync-failed {self.failed}" if self.failed != "pending" else ""
        return f" --sync {shown(self.plan, 'PLAN')}{tag}{failed}"


def shown(text: str, stand_in: str) -> str:
    """A path as it was given, or a word in its place where it could end the header of a generated file."""
    return text if _PLAIN.fullmatch(text) else stand_in
