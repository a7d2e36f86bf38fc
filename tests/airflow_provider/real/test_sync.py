"""What a run of Airflow writes into the plan while it goes on."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of
from support.plans import plan_file, task
from taskgraph_core.ir import Command, Policy, Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow.sdk import DAG

DAG_FILE = """
import json
import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("synced", schedule=None, start_date=pendulum.datetime(2025, 1, 1)) as dag:
    for number, (command, attributes) in enumerate(json.loads({told!r})):
        operator = BashOperator(
            task_id=f"t{{number}}", bash_command=command, retries=1, retry_delay=0, trigger_rule="all_done"
        )
        for name, value in attributes.items():
            setattr(operator, name, value)
        if number:
            dag.task_dict[f"t{{number - 1}}"] >> operator
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return plan_file(tmp_path, [task(1), task(2, task(1), task(2)), task(3)])


@pytest.fixture
def run(dags_folder: Path, load: Callable[[Path], DAG]) -> Callable[..., list[str]]:
    """Run commands one after the other, each with attributes of its operator; the states they end in."""

    def carry_out(*tasks: tuple[str, dict[str, str]]) -> list[str]:
        place = dags_folder / "synced.py"
        place.write_text(DAG_FILE.format(told=json.dumps(tasks)))
        try:
            ended = load(place).test()
        finally:
            place.unlink()
        states = {instance.task_id: str(instance.state) for instance in ended.get_task_instances()}
        return [states[f"t{number}"] for number in range(len(tasks))]

    return carry_out


def statuses(plan: Path) -> dict[str, str]:
    tasks = json.loads(plan.read_text())["master"]["tasks"]
    found = {str(raw["id"]): raw["status"] for raw in tasks}
    return found | {f"{raw['id']}.{sub['id']}": sub["status"] for raw in tasks for sub in raw.get("subtasks", ())}


def test_the_plan_says_what_became_of_each_task(plan: Path, tmp_path: Path, run: Callable[..., list[str]]) -> None:
    seen = tmp_path / "seen"

    states = run(
        (f"cp {plan} {seen}", {"plan_task_id": "1", "plan_path": str(plan)}),
        ("exit 1", {"plan_task_id": "2.1", "plan_path": str(plan), "plan_failed": "blocked"}),
        ("exit 99", {"plan_task_id": "2.2", "plan_path": str(plan)}),
        ("true", {"plan_task_id": "3"}),
    )

    assert states == ["success", "failed", "skipped", "success"]
    assert statuses(seen)["1"] == "in-progress"
    assert statuses(plan) == {"1": "done", "2": "in-progress", "2.1": "blocked", "2.2": "pending", "3": "pending"}


def test_an_attempt_that_is_tried_again_has_not_failed(
    plan: Path, tmp_path: Path, run: Callable[..., list[str]]
) -> None:
    seen = tmp_path / "seen"
    line = f"cp {plan} {seen}.{{{{ ti.try_number }}}}; test {{{{ ti.try_number }}}} = 2"

    assert run((line, {"plan_task_id": "1", "plan_path": str(plan), "plan_failed": "blocked"})) == ["success"]

    assert statuses(seen.with_suffix(".2"))["1"] == "in-progress"
    assert statuses(plan)["1"] == "done"


def test_what_was_undone_is_not_done(plan: Path, tmp_path: Path, run: Callable[..., list[str]]) -> None:
    told = {"plan_path": str(plan)}

    run(
        ("true", told | {"plan_task_id": "1"}),
        ("true", told | {"plan_task_id": "3"}),
        (f"cp {plan} {tmp_path / 'seen'}", told | {"plan_task_id": "1", "plan_undoes": "yes"}),
        ("exit 99", told | {"plan_task_id": "3", "plan_undoes": "yes"}),
    )

    assert statuses(tmp_path / "seen")["1"] == "done"
    assert [statuses(plan)[task_id] for task_id in "13"] == ["pending", "done"]


def test_a_relative_plan_is_seen_from_the_dag_file(dags_folder: Path, run: Callable[..., list[str]]) -> None:
    plan = plan_file(dags_folder / "plans", [task(1)])

    run(("true", {"plan_task_id": "1", "plan_path": "plans", "plan_tag": "master"}))

    assert statuses(plan)["1"] == "done"


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"plan_task_id": "9"}, "no such task"),
        ({"plan_task_id": "1", "plan_tag": "gone"}, "no tag 'gone'"),
        ({"plan_task_id": "1", "plan_path": "/nowhere"}, "no such file"),
        ({"plan_task_id": "1", "plan_path": 7}, "could not be marked"),
    ],
)
def test_a_plan_that_cannot_be_told_fails_no_task(
    plan: Path,
    run: Callable[..., list[str]],
    caplog: pytest.LogCaptureFixture,
    attributes: dict[str, str],
    said: str,
) -> None:
    before = plan.read_text()
    with caplog.at_level(logging.WARNING, "airflow_provider.listening.statuses"):
        assert run(("true", {"plan_path": str(plan), **attributes})) == ["success"]

    assert said in caplog.text
    assert plan.read_text() == before


@pytest.mark.parametrize("with_provider", [False, True])
def test_a_generated_dag_reports_to_the_plan_it_was_generated_for(
    dags_folder: Path, load: Callable[[Path], DAG], *, with_provider: bool
) -> None:
    graph = graph_of(
        "1",
        "2.1 < 1",
        "2.2 < 2.1",
        "2 < 2.1 2.2",
        "3 < 2",
        "4",
        id="reporting",
        policy=Policy(rollback=True),
        tasks={
            "1": {"action": Command(shell="true"), "rollback": Command(shell="true")},
            "2.1": {"group": "2", "action": Command(shell="true")},
            "2.2": {"group": "2", "action": Wait(what="file", target="tasks.json", interval=1)},
            "3": {"action": Command(shell="false")},
        },
    )
    options = AirflowOptions(sync="tasks.json", sync_failed="blocked", with_provider=with_provider)
    place = dags_folder / "reporting.py"
    place.write_text(TARGET.generate(graph, options).files[place.name])
    plan = plan_file(dags_folder, [task(1), task(2, task(1), task(2)), task(3), task(4)])

    try:
        load(place).test()
    finally:
        place.unlink()

    assert statuses(plan) == {
        "1": "blocked",  # it was undone
        "2": "done",
        "2.1": "done",
        "2.2": "done",
        "3": "blocked",
        "4": "done",
    }


def test_a_task_that_asks_for_nothing_costs_nothing() -> None:
    code = (
        "import sys; from types import SimpleNamespace as Any_;"
        "from airflow_provider.listening import statuses;"
        "hooks = [getattr(statuses, name) for name in dir(statuses) if name.startswith('on_')];"
        "instances = [Any_(state='failed'), Any_(state='failed', task=None), Any_(state='failed', task=Any_())];"
        "[hook(each) for hook in hooks for each in instances];"
        "print(len(hooks), [name for name in sys.modules if name.startswith('taskgraph_core.')])"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["4", "[]"]
