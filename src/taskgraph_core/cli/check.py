"""``taskgraph check``: everything that can be said about a plan before it runs."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from taskgraph_core.cli.findings import print_github, print_json, print_text
from taskgraph_core.cli.options import Profile, Spec, Tag, request
from taskgraph_core.compile import check_request, plan_context, read_source
from taskgraph_core.errors import InputError, TaskgraphError
from taskgraph_core.findings import Finding, errors

if TYPE_CHECKING:
    from taskgraph_core.compile import Request, Source


def check(
    spec: Spec,
    tag: Tag = None,
    profile: Profile = None,
    *,
    all_tags: Annotated[bool, typer.Option("--all-tags", help="Every tag of the plan.")] = False,
    output: Annotated[
        Literal["text", "json", "github"], typer.Option("--format", help="For people, machines or GitHub Actions.")
    ] = "text",
    fix: Annotated[bool, typer.Option("--fix", help="Apply the safe repairs to the plan file first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --fix: also remove dangling references, unasked.")] = False,
) -> None:
    """Check a plan: findings with code, place and fix. Exit code 1 if there are errors."""
    asked = request(spec, tag, profile)
    try:
        source = read_source(asked)
        if fix:
            repair(asked, source, all_tags=all_tags, yes=yes, quiet=output != "text")
            source = read_source(asked)
        findings = [
            replace(finding, message=f"[{name}] {finding.message}") if all_tags else finding
            for name in _tags(asked, source, all_tags=all_tags)
            for finding in check_request(replace(asked, tag=name), source)
        ]
    except TaskgraphError as error:
        if output != "json":
            raise
        code = "TG101" if isinstance(error, InputError) else "TG400"
        print_json([Finding(code, "error", error.what, error.where, fix=error.fix)])
        raise typer.Exit(error.exit_code) from error
    if output == "json":
        print_json(findings)
    elif output == "github":
        print_github(findings, source.location.name)
    else:
        print_text(findings)
        _summary(findings, source)
    raise typer.Exit(1 if errors(findings) else 0)


def _tags(asked: Request, source: Source, *, all_tags: bool) -> list[str | None]:
    tags = getattr(source.content, "tags", None)
    return list(tags) if all_tags and tags else [asked.tag]


def _summary(findings: list[Finding], source: Source) -> None:
    counts = {kind: sum(finding.severity == kind for finding in findings) for kind in ("error", "warning", "info")}
    words = [
        f"{number} {kind}{'s' if number != 1 and kind != 'info' else ''}" for kind, number in counts.items() if number
    ]
    typer.echo(f"{source.location.name}: {', '.join(words) if words else 'nothing to complain about'}")


def repair(asked: Request, source: Source, *, all_tags: bool, yes: bool, quiet: bool) -> None:
    """Apply the safe repairs; dangling references only after a yes."""
    from taskgraph_core.taskmaster.document import Document  # noqa: PLC0415 - only repairs pay for these
    from taskgraph_core.taskmaster.fix import apply_repairs, plan_repairs, write_repairs  # noqa: PLC0415

    document, place = source.content, source.location.plan
    if not isinstance(document, Document) or place is None:
        msg = "only a plan file can be repaired"
        raise InputError(msg, where=source.location.name, fix="name the tasks.json itself")
    plans = [plan_context(replace(asked, tag=name), source).plan for name in _tags(asked, source, all_tags=all_tags)]
    repairs = plan_repairs(document, plans, dangling=False)
    doubtful = plan_repairs(document, plans, dangling=True)
    if doubtful != repairs:
        if not yes:
            for item in doubtful:
                if item not in repairs:
                    typer.echo(f"{item.code} {item.sentence}", err=True)
            yes = sys.stdin.isatty() and typer.confirm(
                "Make these repairs too, which lose what was written?", default=False, err=True
            )
            if not yes:
                typer.echo("not repaired; --yes makes these repairs too", err=True)
        repairs = doubtful if yes else repairs
    if repairs:
        write_repairs(place, document.text, apply_repairs(document.text, repairs))
    if not quiet:
        for item in repairs:
            typer.echo(f"fixed   {item.code} {item.sentence}")
        typer.echo(f"{source.location.name}: {len(repairs)} repaired" if repairs else "nothing to repair safely")
