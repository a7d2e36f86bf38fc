"""What a check has to say: one finding, in words and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning", "info"]

_RANK: dict[str, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found.

    Attributes:
        code: ``TG`` and three digits; stable, documented in ``docs/findings.md``.
        severity: ``error`` forbids compiling, ``warning`` deserves a look, ``info`` explains.
        message: one sentence.
        path: JSON path of the place in the plan file (``$.master.tasks[3]``), or a key of the profile.
        tasks: ids of the tasks concerned, in the order the sentence names them.
        fix: what to do about it.
    """

    code: str
    severity: Severity
    message: str
    path: str = ""
    tasks: tuple[str, ...] = ()
    fix: str = ""

    def as_dict(self) -> dict[str, object]:
        """The machine form, a fixed set of keys."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": self.path,
            "tasks": list(self.tasks),
            "fix": self.fix,
        }


def by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then warnings, then information; stable within each."""
    return sorted(findings, key=lambda finding: _RANK[finding.severity])


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Only those that forbid compiling."""
    return [finding for finding in findings if finding.severity == "error"]
