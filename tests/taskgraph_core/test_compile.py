from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from support.plans import (
    FORMS,
    TAGS,
    compiled,
    edges,
    every_file,
    findings_of,
    graph_of_plan,
    plan_file,
    plan_text,
    source_of,
    task,
)
from taskgraph_core.compile import Request, check_request, compile_request, read_source
from taskgraph_core.errors import InputError, PlanError, ProfileError
from taskgraph_core.taskmaster.locate import PLACES

if TYPE_CHECKING:
    from pathlib import Path


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
