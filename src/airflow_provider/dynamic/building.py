"""From what is wanted to the code of its DAG file: the one way of ``taskgraph generate airflow``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from airflow_provider.generating.target import TARGET, AirflowOptions
from taskgraph_core.compile import Request, compile_request
from taskgraph_core.errors import PlanError, TargetError
from taskgraph_core.findings import errors
from taskgraph_core.profile.load import explain
from taskgraph_core.selection import Selection
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from airflow_provider.dynamic.cache import Entry
    from airflow_provider.dynamic.wanted import Wanted
    from taskgraph_core.findings import Finding


def build(wanted: Wanted) -> Entry:
    """The compiled text of the DAG file, and what the plan is warned of.

    Raises:
        TaskgraphError: the plan cannot be read, is not sound, or Airflow could not carry it out.
    """
    options = _options(wanted)
    compiled = compile_request(
        Request(
            wanted.spec,
            wanted.tag,
            None if wanted.profile is None else Path(wanted.profile),
            Selection(wanted.select, wanted.exclude),
            "again" if wanted.again else "due",
        )
    )
    if options.sync and not wanted.again and compiled.graph.schedule is None:
        msg = "a plan that is told what is done loses those tasks, and so would the DAG while it runs"
        raise TargetError(msg, where=compiled.location.name, fix="keep finished tasks: say again=True beside sync")
    made = TARGET.generate(compiled.graph, options)
    findings = [*compiled.findings, *made.findings]
    if errors(findings):
        raise PlanError(findings, where=compiled.location.name)
    name = f"{compiled.graph.id}.py"
    code = compile(made.files[name], f"<{name}>", "exec", dont_inherit=True)
    return code, tuple(sentence(finding) for finding in findings if finding.severity == "warning")


def sentence(finding: Finding) -> str:
    """A finding on one line, of plain text."""
    place = f" at {finding.path}" if finding.path else ""
    return plain(f"{finding.code}{place}: {finding.message}" + (f" ({finding.fix})" if finding.fix else ""))


def _options(wanted: Wanted) -> AirflowOptions:
    try:
        return AirflowOptions.model_validate(wanted.options)
    except ValidationError as error:
        msg = f"taskgraph_dag: {explain(error.errors()[0], AirflowOptions)}"
        raise TargetError(msg, fix="change the argument in the DAGs folder") from error
