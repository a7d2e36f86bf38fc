"""What can be wrong with a plan: one rule a file, one code a rule.

A rule is a function from a context to findings. Those of ``PLAN_RULES`` look at the plan as it
was written, those of ``GRAPH_RULES`` at the graph made of it, which exists only if the first
found no error. The rules of ``THOROUGH`` never forbid anything and cost more than a glance; only
a full check asks them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding, by_weight
from taskgraph_core.rules import (
    bad_override,
    claim_above_capacity,
    comma_list,
    containment,
    cycle,
    duplicate_key,
    duplicate_subtask,
    duplicate_task,
    finished_by_parent,
    held_back,
    missing_id,
    missing_reference,
    nested_subtasks,
    no_action,
    priority,
    redundant_edge,
    repeated_dependency,
    resource_conflict,
    schedule,
    self_reference,
    status,
    unfit_text,
    unknown_resource,
    untrusted_action,
    unused_rule,
    unusual_form,
    wrong_shape,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from taskgraph_core.rules.context import GraphContext, PlanContext

    PlanRule = Callable[[PlanContext], Iterable[Finding]]
    GraphRule = Callable[[GraphContext], Iterable[Finding]]

PLAN_RULES: tuple[PlanRule, ...] = (
    wrong_shape.check,
    missing_id.check,
    nested_subtasks.check,
    status.check,
    priority.check,
    finished_by_parent.check,
    missing_reference.check,
    self_reference.check,
    cycle.check,
    duplicate_task.check,
    duplicate_subtask.check,
    containment.check,
    held_back.check,
    comma_list.check,
    repeated_dependency.check,
)

THOROUGH: tuple[PlanRule, ...] = (
    duplicate_key.check,
    unfit_text.check,
    unusual_form.check,
    redundant_edge.check,
)

GRAPH_RULES: tuple[GraphRule, ...] = (
    resource_conflict.check,
    unknown_resource.check,
    claim_above_capacity.check,
    no_action.check,
    untrusted_action.check,
    schedule.check,
    bad_override.check,
    unused_rule.check,
)


def check_plan(context: PlanContext, *, thorough: bool = False) -> list[Finding]:
    """Everything the rules find in a plan, errors first."""
    rules = PLAN_RULES + THOROUGH if thorough else PLAN_RULES
    return by_weight(finding for rule in rules for finding in rule(context))


def check_graph(context: GraphContext) -> list[Finding]:
    """Everything the rules find in a graph, errors first."""
    return by_weight(finding for rule in GRAPH_RULES for finding in rule(context))
