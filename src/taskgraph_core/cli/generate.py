"""``taskgraph generate``: files for another system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskgraph_core.cli.findings import print_text
from taskgraph_core.cli.options import Again, Exclude, Profile, Select, Spec, Tag, request
from taskgraph_core.compile import compile_request
from taskgraph_core.errors import PlanError, TargetError
from taskgraph_core.findings import errors

if TYPE_CHECKING:
    from taskgraph_core.generate import Options, Target


def generate(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="Which system: airflow, prefect, or another installed target.")],
    spec: Spec,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write to.")] = Path(),
    tag: Tag = None,
    profile: Profile = None,
    select: Select = None,
    exclude: Exclude = None,
    *,
    again: Again = False,
) -> None:
    """Generate files for another system. A target's own options follow as --name value or --name."""
    from taskgraph_core.generate import target as find_target  # noqa: PLC0415 - only here
    from taskgraph_core.generate import write_files  # noqa: PLC0415

    chosen = find_target(target)
    options = target_options(chosen, context.args)
    compiled = compile_request(request(spec, tag, profile, select, exclude, "again" if again else "due"))
    made = chosen.generate(compiled.graph, options)
    findings = [*compiled.findings, *made.findings]
    print_text(findings, stderr=True)
    if errors(findings):
        raise PlanError(findings, where=compiled.location.name)
    for place in write_files(made.files, output, chosen.beside):
        typer.echo(str(place))


def target_options(target: Target, words: list[str]) -> Options:
    """What the words after the command's own options set for a target.

    Raises:
        TargetError: a word is no option of the target, or its value is none.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - loaded by then

    from taskgraph_core.profile.load import explain  # noqa: PLC0415

    known = ", ".join(f"--{name.replace('_', '-')}" for name in target.options.model_fields) or "none"
    values: dict[str, str | bool] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            msg = f"{word!r} is more than the target {target.name!r} takes"
            raise TargetError(msg, fix=f"its own options: {known}")
        name, has_value, value = word[2:].partition("=")
        if has_value:
            values[name.replace("-", "_")] = value
        else:
            values[name.replace("-", "_")] = rest.pop(0) if rest and not rest[0].startswith("--") else True
    try:
        return target.options.model_validate(values)
    except ValidationError as error:
        msg = f"target {target.name!r}: {explain(error.errors()[0], target.options)}"
        raise TargetError(msg, fix=f"its own options: {known}") from error
