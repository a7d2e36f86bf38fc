"""From what a user names to a validated graph: read, check, select, lower, check again.

This is the one way in; every command and every adapter's dynamic mode takes it. Files are read
here and in what it calls, nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from taskgraph_core.collector import paused_collector
from taskgraph_core.compiled import is_graph, plan_of, read_graph
from taskgraph_core.errors import PlanError, ProfileError, SelectionError
from taskgraph_core.findings import Finding, by_weight, errors
from taskgraph_core.ir import TaskGraph
from taskgraph_core.profile.load import find_profile, load_profile
from taskgraph_core.profile.model import Profile
from taskgraph_core.rules import check_graph, check_plan
from taskgraph_core.rules.context import GraphContext, PlanContext
from taskgraph_core.selection import EVERYTHING, Selection, choose, subgraph
from taskgraph_core.taskmaster.complexity import read_scores
from taskgraph_core.taskmaster.document import Document, bounded_nesting, parse, read_text
from taskgraph_core.taskmaster.locate import Location, locate, wanted_tag
from taskgraph_core.taskmaster.lower import Lowered, graph_id_for, lower
from taskgraph_core.taskmaster.plan import read_plan
from taskgraph_core.taskmaster.standing import standings, waits_for

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """What a user names.

    Attributes:
        spec: a plan, a project folder, a compiled graph, or ``-``.
        tag: which list of a tagged plan; None leaves it to the environment and Taskmaster's files.
        profile: the profile; None looks for one beside the plan.
        selection: which tasks of it.
        scope: ``due`` is what is left to do, ``again`` also what is done, ``whole`` every task whatever its status.
        keep: exactly these ids, as far as they exist, instead of what selection and scope say.
    """

    spec: str
    tag: str | None = None
    profile: Path | None = None
    selection: Selection = EVERYTHING
    scope: Literal["due", "again", "whole"] = "due"
    keep: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A graph without errors, and what else was found on the way."""

    graph: TaskGraph
    findings: tuple[Finding, ...]
    location: Location
    idle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: a plan's document or a compiled graph, and the profile that goes with it."""

    location: Location
    content: Document | TaskGraph
    profile: Profile
    has_profile: bool = False


@paused_collector()
def read_source(request: Request) -> Source:
    """Read what a request names.

    Raises:
        InputError: it cannot be found, read or understood.
        ProfileError: the profile is wrong.
    """
    location = locate(request.spec)
    text = read_text(location)
    if is_graph(text):
        if request.profile is not None:
            msg = "a compiled graph has its profile in it already"
            raise ProfileError(msg, where=location.name, fix="leave --profile out, or name the plan")
        return Source(location, read_graph(text, location.name), Profile())
    place = request.profile or find_profile(location)
    profile = load_profile(place) if place else Profile()
    return Source(location, parse(text, location.name), profile, place is not None)


@paused_collector()
@bounded_nesting()
def compile_request(request: Request, source: Source | None = None) -> Compiled:
    """Make the graph a request names.

    Raises:
        InputError, ProfileError, SelectionError: see ``read_source`` and ``selection.choose``.
        PlanError: the plan has findings that forbid going on.
    """
    source = source or read_source(request)
    context = plan_context(request, source)
    findings = check_plan(context)
    if errors(findings):
        raise PlanError(findings, where=source.location.name)
    lowered = build(request, source, context)
    findings = by_weight([*findings, *check_graph(_graph_context(source, lowered))])
    if errors(findings):
        raise PlanError(findings, where=source.location.name)
    return Compiled(lowered.graph, tuple(findings), source.location, tuple(lowered.idle))


@paused_collector()
@bounded_nesting()
def check_request(request: Request, source: Source) -> list[Finding]:
    """Everything every rule has to say about one tag."""
    context = plan_context(request, source)
    findings = check_plan(context, thorough=True)
    if not errors(findings):
        findings += check_graph(_graph_context(source, build(request, source, context)))
    return by_weight(findings)


def plan_context(request: Request, source: Source) -> PlanContext:
    """The plan as written, and where each entry of it stands."""
    profile = source.profile
    if isinstance(source.content, TaskGraph):
        document, plan = None, plan_of(source.content, source.location.name)
    else:
        document = source.content
        tag = document.tag(*wanted_tag(source.location, request.tag))
        plan = read_plan(tag, source.location.name, profile.subtask_references)
    again = request.scope == "again" or profile.graph.schedule is not None or document is None
    standing = standings(plan, everything=again, cancelled_blocks=profile.cancelled == "blocks")
    return PlanContext(plan, standing, profile, document)


def build(request: Request, source: Source, context: PlanContext) -> Lowered:
    """Select and lower a plan that has no errors."""
    plan = context.plan
    keep = _kept(request, source, context)
    if isinstance(source.content, TaskGraph):
        return Lowered(subgraph(source.content, keep))
    project = source.location.project.resolve().name if source.location.plan else "plan"
    scores = read_scores(source.location, plan.tag)
    lowered = lower(
        plan, source.profile, keep, context.standing, graph_id=graph_id_for(project, plan.tag), scores=scores
    )
    if source.profile.conflicts == "order":
        from taskgraph_core.analysis.conflicts import order_conflicts  # noqa: PLC0415 - only this policy pays for it

        lowered.graph = order_conflicts(lowered.graph)
    return lowered


def _kept(request: Request, source: Source, context: PlanContext) -> set[str]:
    plan, selection = context.plan, request.selection
    whole = set(plan.by_id)
    if request.keep is not None:
        return whole & request.keep
    base = whole if request.scope == "whole" else context.standing.due
    if not selection.select and not selection.exclude:
        return base
    edges = lambda: {task_id: tuple(waits_for(entry)) for task_id, entry in plan.by_id.items()}  # noqa: E731 - lazy
    candidates = source.content.tasks if isinstance(source.content, TaskGraph) else tuple(plan.by_id.values())
    chosen = choose(selection, candidates, edges, plan.tag)
    keep = chosen if selection.asks_for_status else chosen & base
    if not keep:
        msg = "what is selected is finished or held back already"
        raise SelectionError(msg, where=plan.name, fix="--all takes finished tasks as well")
    return keep


def _graph_context(source: Source, lowered: Lowered) -> GraphContext:
    return GraphContext(
        lowered.graph,
        source.profile,
        lowered.odd,
        tuple(lowered.idle),
        tuple(lowered.unmatched_rules),
        source.has_profile,
    )
