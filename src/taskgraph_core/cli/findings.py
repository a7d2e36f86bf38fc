"""Findings on the screen, for people, for machines and as GitHub annotations."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from taskgraph_core.findings import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskgraph_core.findings import Finding

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_GITHUB = {"error": "error", "warning": "warning", "info": "notice"}


def print_text(findings: Sequence[Finding], *, info: bool = True, stderr: bool = False) -> None:
    """Each finding with its place and what to do about it; without information if so asked."""
    shown = [finding for finding in findings if info or finding.severity != "info"]
    if not shown:
        return
    from rich.console import Console  # noqa: PLC0415 - machine output does not pay for it
    from rich.text import Text  # noqa: PLC0415

    from taskgraph_core.show.text import plain  # noqa: PLC0415

    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    for finding in shown:
        line = Text()
        line.append(f"{finding.severity:<7} ", style=_STYLES[finding.severity])
        line.append(f"{finding.code} ", style="bold")
        line.append(plain(finding.message))
        console.print(line)
        if finding.path:
            console.print(Text(f"        at: {plain(finding.path)}", style="dim"))
        if finding.fix:
            console.print(Text(f"        do: {plain(finding.fix)}", style="dim"))


def print_json(findings: Sequence[Finding]) -> None:
    """The machine form, in one object."""
    warnings = sum(finding.severity == "warning" for finding in findings)
    content = {
        "findings": [finding.as_dict() for finding in findings],
        "errors": len(errors(findings)),
        "warnings": warnings,
    }
    typer.echo(json.dumps(content, indent=2))


def print_github(findings: Iterable[Finding], file: str) -> None:
    """Workflow commands that GitHub shows beside the file (percent-encoded as GitHub asks)."""
    for finding in findings:
        message = f"{finding.message} ({finding.fix})" if finding.fix else finding.message
        title = _encoded(f"{finding.code} {finding.path}".strip(), in_property=True)
        kind = _GITHUB[finding.severity]
        typer.echo(f"::{kind} file={_encoded(file, in_property=True)},title={title}::{_encoded(message)}")


def _encoded(text: str, *, in_property: bool = False) -> str:
    pairs = [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")] + ([(":", "%3A"), (",", "%2C")] if in_property else [])
    for raw, code in pairs:
        text = text.replace(raw, code)
    return text


def warn(findings: Sequence[Finding]) -> None:
    """Warnings on standard error, where they disturb no output; for commands about something else."""
    sys.stdout.flush()
    print_text([finding for finding in findings if finding.severity == "warning"], stderr=True)
