from __future__ import annotations

import io
import json
import random
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import (
    FORMS,
    HOSTILE,
    JSON_VALUES,
    TAGS,
    compiled,
    edges,
    every_file,
    graph_of_plan,
    plan_file,
    plan_text,
    raw_plans,
    sound_plans,
    source_of,
    task,
    waits_for_all,
)
from taskgraph_core.analysis.topology import Topology
from taskgraph_core.compile import Request, check_request, compile_request, read_source
from taskgraph_core.compiled import is_graph, read_graph, subgraph
from taskgraph_core.errors import InputError, PlanError, ProfileError, TaskgraphError
from taskgraph_core.findings import errors
from taskgraph_core.ir import TaskGraph
from taskgraph_core.selection import Selection
from taskgraph_core.taskmaster.locate import PLACES

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.findings import Finding

PLAN = [task(1), task(2, task(1), task(2, deps=[1]), deps=[1]), task(3, deps=[2])]
EDGES = {"1": (), "2": ("2.2",), "2.1": ("1",), "2.2": ("2.1",), "3": ("2",)}


@pytest.fixture(autouse=True)
def _no_tag_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASKMASTER_TAG", raising=False)


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


# --- where from ---------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_in_every_place_is_the_same_graph(tmp_path: Path, form: str, place: str) -> None:
    path = plan_file(tmp_path, PLAN, form, place)
    write(tmp_path / "taskgraph.toml", '[graph]\nid = "same"')

    from_folder = compile_request(Request(str(tmp_path), tag=TAGS.get(form))).graph
    from_file = compile_request(Request(str(path), tag=TAGS.get(form))).graph

    assert from_folder == from_file == graph_of_plan(*PLAN, profile={"graph": {"id": "same"}})
    assert edges(from_folder) == EDGES


def test_a_byte_order_mark_changes_nothing(tmp_path: Path) -> None:
    path = plan_file(tmp_path, PLAN)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert edges(compile_request(Request(str(path))).graph) == EDGES


@pytest.mark.parametrize("content", [plan_text(PLAN), graph_of_plan(*PLAN).model_dump_json()])
def test_a_plan_and_a_graph_come_from_standard_input_as_well(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content.encode())))

    assert edges(compile_request(Request("-")).graph) == EDGES


def test_a_graph_is_called_after_its_project_and_tag(tmp_path: Path) -> None:
    write(tmp_path / "My site" / "tasks.json", {"master": {"tasks": PLAN}, "feature": {"tasks": PLAN}})
    spec = str(tmp_path / "My site")

    assert compile_request(Request(spec)).graph.id == "my-site"
    assert compile_request(Request(spec, tag="feature")).graph.id == "my-site-feature"


def test_reading_writes_nothing(tmp_path: Path) -> None:
    plan_file(tmp_path, PLAN, "flat with root keys", PLACES[0])
    write(tmp_path / "taskgraph.toml", '[defaults]\ncommand = "true"')
    write(tmp_path / "broken" / "tasks.json", "{")
    before = list(every_file(tmp_path))

    compile_request(Request(str(tmp_path)))
    check_request(Request(str(tmp_path)), read_source(Request(str(tmp_path))))
    with pytest.raises(InputError):
        compile_request(Request(str(tmp_path / "broken")))

    assert list(every_file(tmp_path)) == before


# --- which tag ----------------------------------------------------------------------------


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    names = ["master", "argument", "environment", "state", "config"]
    write(tmp_path / PLACES[0], {name: {"tasks": [task(name)]} for name in names})
    write(tmp_path / ".taskmaster" / "state.json", {"currentTag": "state"})
    write(tmp_path / ".taskmaster" / "config.json", {"global": {"defaultTag": "config"}})
    return tmp_path


def ids(folder: Path, tag: str | None = None) -> list[str]:
    return list(compile_request(Request(str(folder), tag=tag)).graph.by_id)


def test_the_tag_is_said_by_argument_environment_state_configuration_or_default(
    tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMASTER_TAG", "environment")
    assert ids(tagged, "argument") == ["argument"]
    assert ids(tagged) == ["environment"]
    monkeypatch.delenv("TASKMASTER_TAG")
    assert ids(tagged) == ["state"]
    (tagged / ".taskmaster" / "state.json").unlink()
    assert ids(tagged) == ["config"]
    (tagged / ".taskmaster" / "config.json").unlink()
    assert ids(tagged) == ["master"]


def test_an_unknown_tag_is_an_error_that_lists_the_tags(tagged: Path) -> None:
    with pytest.raises(InputError, match=r"there is no tag 'nosuch' \(from --tag\)") as error:
        ids(tagged, "nosuch")

    assert error.value.fix == "tags here: master, argument, environment, state, config; choose one with --tag"


# --- which tasks --------------------------------------------------------------------------

MIXED = [
    task(1, status="Done"),
    task(2, status="COMPLETED", deps=[1]),
    task(3, status="cancelled"),
    task(4, deps=[1, 2, 3]),
    task(5, status="in_progress", deps=[4]),
    task(6, status="Deferred"),
    task(7, deps=[6]),
]


def test_what_is_left_to_do_is_what_is_meant() -> None:
    assert edges(graph_of_plan(*MIXED)) == {"4": (), "5": ("4",)}


def test_a_plan_with_a_schedule_is_done_again_each_time() -> None:
    graph = graph_of_plan(*MIXED, profile={"graph": {"schedule": {"cron": "0 2 * * *"}}})

    assert edges(graph) == {"1": (), "2": ("1",), "4": ("1", "2"), "5": ("4",)}


def test_asking_for_all_again_is_the_same_without_a_schedule() -> None:
    assert set(edges(graph_of_plan(*MIXED, scope="again"))) == {"1", "2", "4", "5"}


def test_the_whole_plan_is_every_task_of_it() -> None:
    assert list(edges(graph_of_plan(*MIXED, scope="whole"))) == ["1", "2", "3", "4", "5", "6", "7"]


def test_a_cancelled_task_blocks_if_the_profile_says_so() -> None:
    assert edges(graph_of_plan(*MIXED, profile={"cancelled": "blocks"})) == {}


def test_what_is_held_and_cancelled_is_told() -> None:
    messages = [finding.message for finding in compiled(*MIXED).findings if finding.code == "TG207"]

    assert messages == [
        "6 is deferred and holds back 1 task: 7",
        "4 depends on 3, which is cancelled; that counts as satisfied",
    ]


def test_an_empty_plan_is_an_empty_graph() -> None:
    assert compiled().graph.tasks == ()


# --- with what ----------------------------------------------------------------------------


def test_the_profile_beside_the_plan_is_used_and_another_can_be_named(tmp_path: Path) -> None:
    plan_file(tmp_path, [task(1)])
    write(tmp_path / "taskgraph.toml", "[run]\nmax_parallel = 2")
    write(tmp_path / "other.toml", "[run]\nmax_parallel = 3")

    assert compile_request(Request(str(tmp_path))).graph.policy.max_parallel == 2
    assert compile_request(Request(str(tmp_path), profile=tmp_path / "other.toml")).graph.policy.max_parallel == 3


def test_an_empty_profile_is_one_that_forgot_everything(tmp_path: Path) -> None:
    plan_file(tmp_path, [task(1)])
    assert [finding.severity for finding in compile_request(Request(str(tmp_path))).findings] == ["info"]

    write(tmp_path / "taskgraph.toml", "")
    assert [finding.severity for finding in compile_request(Request(str(tmp_path))).findings] == ["warning"]


def test_a_broken_profile_is_an_error(tmp_path: Path) -> None:
    plan_file(tmp_path, [task(1)])
    write(tmp_path / "taskgraph.toml", "[run]\nmaxparallel = 2")

    with pytest.raises(ProfileError, match="did you mean 'max_parallel'"):
        compile_request(Request(str(tmp_path)))


def test_the_complexity_report_of_the_tag_feeds_the_estimates(tmp_path: Path) -> None:
    plan_file(tmp_path, [task(1), task(2, complexity=10), task(3, task(1))], place=PLACES[0])
    scores = [{"taskId": 1, "complexityScore": 10}, {"taskId": 2, "complexityScore": 1}]
    report = {"complexityAnalysis": [*scores, {"taskId": 3, "complexityScore": 2.5}]}
    write(tmp_path / ".taskmaster" / "reports" / "task-complexity-report.json", report)

    estimates = {one.id: one.estimate for one in compile_request(Request(str(tmp_path))).graph.tasks}
    assert estimates == {"1": 120.0, "2": 12.0, "3": 0.0, "3.1": 30.0}


def test_conflicts_can_be_put_in_order() -> None:
    claims = {"claims": {"file:out": "write"}}
    graph = graph_of_plan(task(1), task(2), profile={"conflicts": "order", "defaults": claims})

    assert edges(graph) == {"1": (), "2": ("1",)}


def test_conflicts_can_be_forbidden() -> None:
    with pytest.raises(PlanError):
        graph_of_plan(task(1), task(2), profile={"conflicts": "error", "defaults": {"claims": {"file:out": "write"}}})


@pytest.mark.parametrize(("reading", "upstream"), [("sibling", "3.1"), ("task", "1"), ("earlier-sibling", "3.1")])
def test_the_profile_says_what_a_bare_number_means(reading: str, upstream: str) -> None:
    plan = [task(1), task(3, task(1), task(2, deps=[1]))]

    assert upstream in edges(graph_of_plan(*plan, profile={"subtask_references": reading}))["3.2"]


# --- errors ---------------------------------------------------------------------------------


def test_a_plan_with_errors_is_refused_with_all_of_them() -> None:
    with pytest.raises(PlanError, match="the plan has 2 errors") as error:
        graph_of_plan(task(1, deps=[9]), task(2, deps=[2]), task(3, status="later"))

    assert [finding.code for finding in error.value.findings] == ["TG201", "TG202", "TG106"]


def test_an_error_of_the_graph_is_an_error_of_the_plan() -> None:
    with pytest.raises(PlanError) as error:
        graph_of_plan(task(1), profile={"defaults": {"claims": {"db": 1}}})

    assert error.value.findings[0].code == "TG302"


def findings_of(text: str, **profile: Any) -> list[Finding]:
    return check_request(Request("-", tag="master"), source_of([], text=text, profile=profile))


def test_a_check_says_more_than_compiling_does() -> None:
    text = '[{"id": 1, "id": 1, "status": "pending"}]'

    assert {"TG103", "TG109"} <= {finding.code for finding in findings_of(text)}
    assert not {"TG103", "TG109"} & {
        finding.code for finding in compile_request(Request("-"), source_of([], text=text)).findings
    }


def test_a_check_puts_errors_first() -> None:
    text = '{"tasks": [{"id": 1, "status": "later", "dependencies": [9]}, {"id": 1}]}'
    severities = [finding.severity for finding in findings_of(text)]

    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert severities.count("error") == 2


@pytest.mark.parametrize("depth", [400, 700, 950])
@pytest.mark.parametrize("key", ["details", "status", "dependencies", "id", "subtasks", "metadata"])
def test_values_nested_deeply_are_read_or_refused(key: str, depth: int) -> None:
    text = f'{{"tasks": [{{"id": 1, "{key}": {"[" * depth + "]" * depth}}}]}}'
    try:
        assert findings_of(text)
    except InputError as error:
        said = error.what
        assert said == "is nested too deeply to be a plan"


# --- laws -----------------------------------------------------------------------------------

PROFILES = st.sampled_from(
    [
        {},
        {"defaults": {"command": "true", "claims": {"file:out": "write"}}, "conflicts": "order"},
        {"trust_plan_actions": True, "infer_files": True, "subtask_references": "task", "cancelled": "blocks"},
        {"rules": [{"match": {"id": "*.1"}, "trigger_rule": "one_failed"}], "subtask_references": "earlier-sibling"},
        {"graph": {"schedule": {"cron": "0 2 * * *"}}, "conflicts": "error", "infer_files": True},
    ]
)


def assert_graph_or_error(text: str, profile: dict[str, Any]) -> None:
    """Check, and compile in every scope: nothing but a sound graph or an error for the user may come out."""
    try:
        source = source_of([], text=text, profile=profile)
        tag = next(iter(source.content.tags))
        broken = bool(errors(check_request(Request("-", tag=tag), source)))
    except TaskgraphError:
        return
    for scope in ("due", "again", "whole"):
        try:
            graph = compile_request(Request("-", tag=tag, scope=scope), source).graph
        except PlanError:
            assert scope != "due" or broken
        else:
            assert scope != "due" or not broken
            assert_sound(graph)


def assert_sound(graph: TaskGraph) -> None:
    assert len(graph.by_id) == len(graph.tasks)
    assert all(other in graph.by_id for one in graph.tasks for other in one.depends_on)
    assert Topology.of(graph).acyclic
    text = graph.model_dump_json()
    assert TaskGraph.model_validate_json(text) == graph
    assert is_graph(text)
    source = source_of([])
    again = type(source)(source.location, read_graph(text, "graph"), source.profile)
    assert compile_request(Request("-"), again).graph == graph


@given(JSON_VALUES, PROFILES)
def test_any_json_is_a_graph_or_an_error(value: object, profile: dict[str, Any]) -> None:
    for root in (value, [value], {"tasks": [value]}, {"master": {"tasks": value}}, {"tags": value}):
        assert_graph_or_error(json.dumps(root), profile)


@given(raw_plans(), PROFILES)
def test_any_plan_is_a_graph_or_an_error(tasks: list[Any], profile: dict[str, Any]) -> None:
    assert_graph_or_error(plan_text(tasks), profile)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_anywhere_is_text_or_an_error(hostile: str) -> None:
    odd = dict.fromkeys(("title", "description", "details", "testStrategy", "status", "priority", hostile), hostile)
    plan = [task(hostile, task(hostile), **odd, tags=[hostile], metadata={hostile: hostile}), task("2", deps=[hostile])]

    for root in (plan, {hostile: {"tasks": plan}}, {"tags": {hostile: plan}}, {hostile: hostile, "tasks": plan}):
        for profile in ({}, {"infer_files": True, "trust_plan_actions": True}):
            assert_graph_or_error(json.dumps(root), profile)


@given(sound_plans(statuses=("pending", "in-progress", "done", "review", "cancelled")), PROFILES)
def test_every_sound_plan_is_a_sound_graph(tasks: list[dict[str, Any]], profile: dict[str, Any]) -> None:
    for scope in ("due", "again", "whole"):
        if profile.get("conflicts") != "error" and "subtask_references" not in profile:
            assert_sound(graph_of_plan(*tasks, profile=profile, scope=scope))


@given(sound_plans())
def test_in_every_form_a_plan_is_the_same_graph(tasks: list[dict[str, Any]]) -> None:
    graphs = [
        compile_request(Request("-", tag=TAGS.get(form)), source_of([], text=plan_text(tasks, form))).graph
        for form in FORMS
    ]

    assert {graph.model_copy(update={"id": "same"}).fingerprint for graph in graphs} == {
        graphs[0].model_copy(update={"id": "same"}).fingerprint
    }


@given(sound_plans(), st.randoms())
def test_work_that_was_begun_is_the_same_work(tasks: list[dict[str, Any]], rng: random.Random) -> None:
    before = graph_of_plan(*tasks)
    for one in [*tasks, *(subtask for raw in tasks for subtask in raw.get("subtasks", ()))]:
        one["status"] = rng.choice(["pending", "in-progress", "todo", "WIP"])

    assert graph_of_plan(*tasks).fingerprint == before.fingerprint


# --- large plans: each of these ends the day of a program that is not linear ------------------


def test_twenty_two_diamonds_in_a_row() -> None:
    plan = [task(1)]
    for top in range(1, 67, 3):
        plan += [task(top + 1, deps=[top]), task(top + 2, deps=[top]), task(top + 3, deps=[top + 1, top + 2])]

    assert len(waits_for_all(graph_of_plan(*plan))["67"]) == 66
    assert {finding.code for finding in findings_of(plan_text(plan))} == {"TG401"}


def test_two_thousand_tasks_with_two_dependencies_each() -> None:
    rng = random.Random(1)  # noqa: S311 - any plan will do, but always the same
    plan = [
        task(number, deps=sorted(rng.sample(range(max(1, number - 20), number), min(2, number - 1))))
        for number in range(1, 2001)
    ]

    assert sum(map(len, edges(graph_of_plan(*plan)).values())) == 2 * 1998 + 1
    assert not [finding for finding in findings_of(plan_text(plan)) if finding.severity == "error"]


def test_a_chain_of_twenty_thousand() -> None:
    chain = [task(number, deps=[number - 1] if number > 1 else []) for number in range(1, 20_001)]

    assert edges(graph_of_plan(*chain))["20000"] == ("19999",)
    assert not [finding for finding in findings_of(plan_text(chain)) if finding.severity == "error"]


def test_a_circle_of_twenty_thousand() -> None:
    circle = [task(number, deps=[number % 20_000 + 1]) for number in range(1, 20_001)]
    (finding,) = [finding for finding in findings_of(plan_text(circle)) if finding.severity == "error"]

    assert finding.code == "TG203"
    assert len(finding.tasks) == 20_000
    assert len(finding.message) < 300


def test_a_chain_of_five_thousand_subtasks_and_a_milestone_that_waits_for_each() -> None:
    subtasks = [task(number, deps=[number - 1] if number > 1 else []) for number in range(1, 5001)]
    milestone = task(2, deps=[f"1.{number}" for number in range(1, 5001)])
    graph = graph_of_plan(task(1, *subtasks), milestone)

    assert len(graph.by_id["2"].depends_on) == 5000
    assert graph.by_id["1"].depends_on == ("1.5000",)


def test_five_thousand_tasks_that_wait_for_nothing_there_is() -> None:
    plan = [task(number, deps=[f"{number}-a", f"{number}-b"]) for number in range(10_000, 15_000)]

    assert len([finding for finding in findings_of(plan_text(plan)) if finding.code == "TG201"]) == 10_000


def test_five_thousand_leaves_of_a_chain_that_was_not_selected() -> None:
    chain = [task(number, deps=[number - 1] if number > 1 else []) for number in range(1, 5001)]
    leaves = [task(f"x{number}", deps=[number]) for number in range(1, 5001)]
    whole = graph_of_plan(*chain, *leaves)
    part = graph_of_plan(*chain, *leaves, selection=Selection(("1", "x*")))

    assert set(edges(part).values()) == {(), ("1",)}
    assert edges(subgraph(whole, set(part.by_id))) == edges(part)
