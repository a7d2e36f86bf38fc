"""From a plan and a profile to the TaskGraph of what is to be carried out.

A parent with subtasks becomes a group: subtasks wait for what the parent depends on, the
parent's own action closes the group after them, and what depends on the parent waits for
that. Edges that follow from others are left out, but only where every rule is ``all_success``:
elsewhere an implied edge would change what a trigger rule sees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from taskgraph_core.ir import Claim, Policy, Schedule, Task, TaskGraph
from taskgraph_core.profile.apply import Treatment, Treatments
from taskgraph_core.profile.load import explain
from taskgraph_core.profile.model import PLAN_MAY_NOT_SET, Settings
from taskgraph_core.selection import Bridges
from taskgraph_core.taskmaster.complexity import AVERAGE, usable_score
from taskgraph_core.taskmaster.files import files_named
from taskgraph_core.taskmaster.plan import Odd
from taskgraph_core.taskmaster.standing import waits_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from taskgraph_core.profile.model import Profile
    from taskgraph_core.taskmaster.plan import Entry, Plan
    from taskgraph_core.taskmaster.standing import Standings

PLAIN = "all_success"
"""The usual trigger rule, the only one under which an edge may be left out because it follows from others."""

DEFAULT_ESTIMATE = 60.0
"""Seconds a task of average complexity is planned with where the profile says nothing."""

SEES_MORE_THAN_FAILURE = frozenset(
    {
        "all_failed",
        "all_done_min_one_success",
        "all_skipped",
        "one_success",
        "one_failed",
        "one_done",
        "none_failed_min_one_success",
    }
)
"""Under these rules a satisfied upstream task cannot just be left out: it counts as a success."""


@dataclass(slots=True)
class Lowered:
    """A graph, and what turned up while it was made, by kind as in ``Plan.odd``."""

    graph: TaskGraph
    odd: dict[str, list[Odd]] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    unmatched_rules: list[int] = field(default_factory=list)


def lower(
    plan: Plan,
    profile: Profile,
    keep: set[str],
    standing: Standings,
    *,
    graph_id: str,
    scores: Mapping[str, float] | None = None,
) -> Lowered:
    """Make the graph of the entries in ``keep``.

    The plan must be free of errors (``rules.check_plan``): its dependencies exist and go in no circle.
    """
    return _Lowering(plan, profile, keep, standing, scores or {}).run(graph_id)


class _Lowering:
    def __init__(
        self, plan: Plan, profile: Profile, keep: set[str], standing: Standings, scores: Mapping[str, float]
    ) -> None:
        self.plan = plan
        self.profile = profile
        self.keep = keep
        self.standing = standing
        self.scores = scores
        self.treatments = Treatments(profile, plan.tag)
        self.unit = profile.defaults.estimate if profile.defaults.estimate is not None else DEFAULT_ESTIMATE
        self.bridges = Bridges(keep, self.unsatisfied)
        self.witnesses: set[str] = set()
        self.odd: dict[str, list[Odd]] = {}
        self.idle: list[str] = []

    def run(self, graph_id: str) -> Lowered:
        entries = [entry for entry in self.plan.entries if entry.id in self.keep]
        treated = [(entry, self.treatments.of(entry, self.override(entry))) for entry in entries]
        rules = {
            entry.id: treatment.fields["trigger_rule"]
            for entry, treatment in treated
            if "trigger_rule" in treatment.fields
        }
        drafts = [self.draft(entry, treatment, rules) for entry, treatment in treated]
        if self.witnesses:
            present = [entry for entry in self.plan.entries if entry.id in self.witnesses]
            drafts = [{"id": entry.id, "title": entry.title, "status": "done"} for entry in present] + drafts
        profile = self.profile
        schedule = profile.graph.schedule
        graph = TaskGraph(
            id=profile.graph.id or graph_id,
            title=profile.graph.title or "",
            tasks=_task_tuple().validate_python(drafts),
            resources=tuple(settings.resource(name) for name, settings in profile.resources.items()),
            schedule=Schedule(cron=schedule.cron, timezone=schedule.timezone) if schedule else None,
            policy=Policy(**profile.run.model_dump()),
        )
        unmatched = [number for number in range(len(profile.rules)) if number not in self.treatments.matched]
        return Lowered(graph, self.odd, self.idle, unmatched)

    # -- one task ----------------------------------------------------------------------

    def draft(self, entry: Entry, treatment: Treatment, rules: Mapping[str, str]) -> dict[str, Any]:
        raw = entry.raw
        closes = bool(entry.subtasks) and "action" not in treatment.fields
        draft: dict[str, Any] = {
            "id": entry.id,
            "title": entry.title,
            "depends_on": self.upstream(entry, rules),
            "estimate": 0.0 if closes else self.estimate(entry, treatment),
            **treatment.fields,
        }
        for name, key in _TEXTS:
            if value := raw.get(key):
                draft[name] = value if value.__class__ is str else _as_text(value)
        if entry.priority != "medium":
            draft.setdefault("priority", entry.priority)
        if entry.status != "pending":
            draft["status"] = entry.status
        if entry.parent is not None and entry.parent.id in self.keep:
            draft["group"] = entry.parent.id
        if "tags" in raw:
            draft["labels"] = entry.labels
        if self.profile.infer_files and not closes:
            draft["claims"] = (*treatment.fields.get("claims", ()), *self.inferred(entry, treatment))
        if not treatment.has_action:
            self.idle.append(entry.id)
        return draft

    def override(self, entry: Entry) -> Settings | None:
        """What the plan itself says about how to carry the entry out, as far as it may."""
        metadata = entry.raw.get("metadata")
        if metadata is None:
            return None
        written = metadata.get("taskgraph") if isinstance(metadata, dict) else None
        if written is None:
            return None
        path = f"{entry.path}.metadata.taskgraph"
        if not isinstance(written, dict):
            self.note("bad override", entry, path, "must be an object")
            return None
        if not self.profile.trust_plan_actions:
            refused = [key for key in PLAN_MAY_NOT_SET if key in written]
            for key in refused:
                self.note("untrusted action", entry, f"{path}.{key}", key)
            written = {key: value for key, value in written.items() if key not in refused}
        try:
            return Settings.model_validate(written)
        except ValidationError as error:
            for item in error.errors():
                self.note("bad override", entry, path, explain(item, Settings))
            return None

    def estimate(self, entry: Entry, treatment: Treatment) -> float:
        if treatment.estimate is not None:
            return treatment.estimate
        score = self.score(entry) or (self.score(entry.parent) if entry.parent is not None else None)
        return self.unit if score is None else self.unit * score / AVERAGE

    def score(self, entry: Entry) -> float | None:
        """Complexity from the report, or as Taskmaster copies it into the plan."""
        written = entry.raw.get("complexity") or entry.raw.get("complexityScore")
        return self.scores.get(entry.id) or (usable_score(written) if written is not None else None)

    def inferred(self, entry: Entry, treatment: Treatment) -> list[Claim]:
        claimed = {claim.resource for claim in treatment.fields.get("claims", ())}
        return [
            Claim.model_validate({"resource": f"file:{path}", "mode": mode})
            for path, mode in files_named(entry.raw).items()
            if f"file:{path}" not in claimed
        ]

    def note(self, kind: str, entry: Entry, path: str, meant: str) -> None:
        self.odd.setdefault(kind, []).append(Odd(entry, path, meant=meant))

    # -- edges -------------------------------------------------------------------------

    def upstream(self, entry: Entry, rules: Mapping[str, str]) -> tuple[str, ...]:
        """Ids the task of an entry waits for."""
        if entry.subtasks:
            return self.closing(entry, rules)
        rule = rules.get(entry.id, PLAIN)
        if entry.parent is None and rule == PLAIN and self.keep.issuperset(entry.depends_on):
            return entry.depends_on  # by far the most usual case
        own = self.resolved(entry.depends_on, rule)
        if entry.parent is None or any(self.waits_outside(other, entry.parent, rules) for other in own):
            return tuple(own)
        return tuple(own | self.resolved(entry.parent.depends_on, rule))

    def waits_outside(self, task_id: str, parent: Entry, rules: Mapping[str, str]) -> bool:
        """Whether this is a subtask of a parent that for certain waits for what the parent depends on."""
        inside = task_id in self.keep and self.plan.by_id[task_id].parent is parent
        return inside and rules.get(task_id, PLAIN) == PLAIN

    def closing(self, entry: Entry, rules: Mapping[str, str]) -> tuple[str, ...]:
        """What the task of a parent waits for: its subtasks and, if not through them, what it depends on itself."""
        rule = rules.get(entry.id, PLAIN)
        members = self.resolved([subtask.id for subtask in entry.subtasks], rule)
        own = self.resolved(entry.depends_on, rule)
        kept = [subtask for subtask in entry.subtasks if subtask.id in self.keep]
        if not kept or any(rules.get(task_id, PLAIN) != PLAIN for task_id in (entry.id, *[one.id for one in kept])):
            return tuple(members | own)
        inside = {other for subtask in kept for other in subtask.depends_on}
        return tuple([other for other in members if other not in inside and other not in own])

    def resolved(self, references: Iterable[str], rule: str) -> dict[str, None]:
        """References as edges of this graph, in order.

        What is satisfied needs no edge, except as a witness for rules that look at more than failure. Through
        what is due but was not selected, the order is kept.
        """
        edges: dict[str, None] = {}
        for other in references:
            if other in self.keep:
                edges[other] = None
            elif other in self.standing.satisfied:
                if rule in SEES_MORE_THAN_FAILURE:
                    self.witnesses.add(other)
                    edges[other] = None
            else:
                edges |= self.bridges.past(other)
        return edges

    def unsatisfied(self, task_id: str) -> list[str]:
        """What an entry that is left out still waits for."""
        others = waits_for(self.plan.by_id[task_id])
        return [other for other in others if other in self.keep or other not in self.standing.satisfied]


_TEXTS = (("description", "description"), ("details", "details"), ("test_strategy", "testStrategy"))


def _as_text(value: object) -> str:
    """Free text that some plans write as a list or an object."""
    if isinstance(value, list):
        return "\n".join(map(_as_text, value))
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_as_text(item)}" for key, item in value.items())
    return str(value)


@cache
def _task_tuple() -> TypeAdapter[tuple[Task, ...]]:
    """One validator for all tasks at once: several times faster than one call a task."""
    return TypeAdapter(tuple[Task, ...])


def graph_id_for(project: str, tag: str) -> str:
    """A graph's id where the profile gives none: the project folder's name, and the tag unless it is the usual one."""
    words = [project] if tag in ("master", "") else [project, tag]
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(words)).strip("-").lower()
    return slug[:100] or "plan"
