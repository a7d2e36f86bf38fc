"""Every error the product raises on purpose.

    TaskgraphError            something the user can act on: what, where, what to do
    ├── InputError            a file cannot be found, read or understood
    ├── ProfileError          taskgraph.toml is wrong
    ├── SelectionError        --select / --exclude names nothing, or is malformed
    ├── PlanError             the plan was read, and its findings forbid going on
    ├── TargetError           a generator is missing or cannot express this graph
    ├── EngineError           a run cannot start or cannot go on
    └── ServiceError          a live system, such as Airflow, cannot be reached or refuses

The command line prints them as three short lines and never shows a traceback;
library users catch ``TaskgraphError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskgraph_core.findings import Finding


class TaskgraphError(Exception):
    """Base of the tree: one sentence on what is wrong, where, and what to do.

    ``exit_code`` is the process's exit code when the command line ends with it:
    2 for usage or unreadable input, 1 for findings or a failed run.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" ({self.fix})" if self.fix else "")


class InputError(TaskgraphError):
    """Raised when a plan, report or compiled graph cannot be found, read or understood."""


class ProfileError(TaskgraphError):
    """Raised when ``taskgraph.toml`` (or an override in the plan) is wrong."""


class SelectionError(TaskgraphError):
    """Raised when a selection pattern is malformed or names nothing."""


class PlanError(TaskgraphError):
    """Raised when a plan has findings of severity ``error``; they are in ``findings``."""

    exit_code = 1

    def __init__(self, findings: Sequence[Finding], *, where: str = "") -> None:
        self.findings = tuple(findings)
        errors = [finding for finding in self.findings if finding.severity == "error"]
        noun = "error" if len(errors) == 1 else "errors"
        super().__init__(
            f"the plan has {len(errors)} {noun}",
            where=where,
            fix="run 'taskgraph check' on it to see each one with its fix",
        )


class TargetError(TaskgraphError):
    """Raised when a target is not installed or cannot express the graph."""


class EngineError(TaskgraphError):
    """Raised when a run cannot start, or cannot go on."""

    exit_code = 1


class ServiceError(TaskgraphError):
    """Raised when a live system (an Airflow, a Prefect) cannot be reached, or refuses what was asked.

    ``status`` is the HTTP status of a refusal, 0 where there was no answer.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "", status: int = 0) -> None:
        super().__init__(what, where=where, fix=fix)
        self.status = status
