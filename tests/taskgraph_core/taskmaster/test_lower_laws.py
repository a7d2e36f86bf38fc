from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from support.plans import (
    assert_sound,
    sound_plans,
    subsets,
    understood,
    waits_for_all,
)
from taskgraph_core.profile.model import Profile
from taskgraph_core.taskmaster.lower import lower
from taskgraph_core.taskmaster.standing import standings, waits_for

MOSTLY_DUE = (*["pending"] * 9, "done", "cancelled", "blocked")
RULES = ["all_success", "all_done", "one_failed", "one_success", "always"]


def when(task_id: str, rule: str) -> dict[str, Any]:
    return {"match": {"id": task_id}, "trigger_rule": rule}


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """Trigger rules for some tasks, subtasks and groups."""
    patterns = st.sampled_from(["1*", "*.1", "*.2", "1?", "*"])
    return {"rules": [when(draw(patterns), draw(st.sampled_from(RULES))) for _ in range(draw(st.integers(0, 2)))]}


@given(sound_plans(statuses=MOSTLY_DUE), profiles(), st.data())
def test_lowering_keeps_the_order_of_everything_that_is_written(
    tasks: list[dict[str, Any]], profile: dict[str, Any], data: st.DataObject
) -> None:
    plan = understood(*tasks)
    standing = standings(plan)
    keep = data.draw(subsets(standing.due))
    graph = lower(plan, Profile.model_validate(profile), keep, standing, graph_id="law").graph

    assert_sound(graph)
    assert keep <= graph.by_id.keys() <= keep | standing.satisfied
    reach, firmly = waits_for_all(graph), waits_for_all(graph, through=("all_success",))
    for task_id in keep:
        assert due_upstream(plan.by_id, task_id, standing.satisfied) & keep <= reach[task_id]
        assert {*waits_for(plan.by_id[task_id])} & keep <= firmly[task_id], "a rule in between may let it start early"


@given(sound_plans(), st.data())
def test_lowering_adds_no_order_that_nobody_wrote(tasks: list[dict[str, Any]], data: st.DataObject) -> None:
    plan = understood(*tasks)
    standing = standings(plan)
    keep = data.draw(subsets(standing.due))
    reach = waits_for_all(lower(plan, Profile(), keep, standing, graph_id="law").graph)

    for task_id in keep:
        assert reach[task_id] == due_upstream(plan.by_id, task_id, set()) & keep


def due_upstream(by_id: dict[str, Any], start: str, satisfied: set[str]) -> set[str]:
    """What an entry waits for, in words: references, the parent's references, a parent's own subtasks, and theirs."""
    seen: set[str] = set()
    work = [start]
    while work:
        for other in waits_for(by_id[work.pop()]):
            if other not in seen and other not in satisfied:
                seen.add(other)
                work.append(other)
    return seen
