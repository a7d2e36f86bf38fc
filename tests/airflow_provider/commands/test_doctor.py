from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Policy, Resource, TaskGraph, Wait

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command as Taskgraph

    from .conftest import Airflow

RUN = Command(argv=("true",))
DB = Claim(resource="db", slots=3)


def plan(graph_id: str = "nightly", capacity: int = 4, **fields: Any) -> TaskGraph:
    """Two tasks, the second of which claims three slots."""
    return graph_of(
        "1",
        "2 < 1",
        id=graph_id,
        tasks={"1": {"action": RUN}, "2": {"action": RUN, "claims": (DB,), **fields}},
        resources=(Resource(name="db", capacity=capacity), Resource(name="gpu", capacity=1)),
    )


def generate(graph: TaskGraph, folder: Path) -> Path:
    for name, text in TARGET.generate(graph, AirflowOptions()).files.items():
        (folder / name).write_text(text)
    return folder / f"{graph.id}.py"


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    """A folder with one generated DAG."""
    generate(plan(), tmp_path)
    return tmp_path


@pytest.fixture
def deployed(airflow: Airflow, dags: Path) -> Airflow:
    """An Airflow that has what is in the folder."""
    for file in dags.glob("*.py"):
        text = file.read_text()
        page = ast.get_docstring(ast.parse(text))
        airflow.dags[file.stem] = {
            "is_paused": False,
            "is_stale": False,
            "has_import_errors": False,
            "max_active_tasks": 16,
            "doc_md": page,
        }
        airflow.sources[file.stem] = text
    for file in dags.glob("*.pools.json"):
        for name, pool in json.loads(file.read_text()).items():
            airflow.pools[name] = {"name": name, "occupied_slots": 0, **pool}
    return airflow


def findings(command: Taskgraph, airflow: Airflow, *places: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Severity and tasks of what was found, by code."""
    ended = command("airflow", "doctor", *places, "--url", airflow.url, "--format", "json")
    content = json.loads(ended.out)
    found = {each["code"]: (each["severity"], tuple(each["tasks"])) for each in content["findings"]}
    assert ended.code == int(content["errors"] > 0)
    return found


def test_where_all_is_well_there_is_nothing_to_say(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    ended = command("airflow", "doctor", dags, "--url", deployed.url)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "1 DAG and 1 pool looked at: all is well\n"


def test_what_airflow_does_not_have_is_missed(command: Taskgraph, airflow: Airflow, dags: Path) -> None:
    assert findings(command, airflow, dags) == {"TG520": ("error", ()), "TG524": ("error", ("2",))}


def test_a_dag_whose_file_is_gone_is_missed(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.dags["nightly"]["is_stale"] = True

    assert findings(command, deployed, dags) == {"TG520": ("error", ())}


def test_a_finding_says_what_where_and_what_to_do(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    del deployed.pools["taskgraph_db"]

    ended = command("airflow", "doctor", dags / "nightly.py", "--url", deployed.url)

    assert ended.code == 1
    assert ended.out.splitlines() == [
        "error   TG524 Airflow has no pool 'taskgraph_db', so the task 2 of 'nightly' would wait for ever",
        f"        at: {dags}/nightly.pools.json",
        f"        do: taskgraph airflow apply {dags}/nightly.pools.json",
        "1 DAG and 1 pool looked at, 1 finding",
    ]


@pytest.mark.parametrize(
    ("slots", "codes"),
    [
        (4, {}),
        (3, {"TG526": ("warning", ())}),
        (2, {"TG525": ("error", ("2",)), "TG526": ("warning", ())}),
        (0, {"TG525": ("error", ("2",)), "TG526": ("warning", ())}),
        (5, {"TG526": ("error", ())}),
        (-1, {"TG526": ("error", ())}),
    ],
)
def test_a_pool_of_another_size(
    command: Taskgraph, deployed: Airflow, dags: Path, slots: int, codes: dict[str, Any]
) -> None:
    deployed.pools["taskgraph_db"]["slots"] = slots

    assert findings(command, deployed, dags) == codes


def test_a_task_without_a_pool_needs_the_default_one(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.pools["default_pool"]["slots"] = 0

    assert findings(command, deployed, dags) == {"TG525": ("error", ("1",))}


def test_a_pool_that_does_not_count_deferred_tasks(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.pools["taskgraph_db"]["include_deferred"] = False

    assert findings(command, deployed, dags) == {"TG527": ("warning", ())}


def test_a_file_that_airflow_cannot_import(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    trace = "Traceback (most recent call last):\n  File x\nImportError: no such module\n"
    deployed.import_errors = [{"filename": "team/nightly.py", "stack_trace": trace}]
    assert findings(command, deployed, dags) == {}  # it is another file

    deployed.dags["nightly"]["has_import_errors"] = True
    assert findings(command, deployed, dags) == {"TG521": ("error", ())}
    assert "ImportError: no such module" in command("airflow", "doctor", dags, "--url", deployed.url).out

    del deployed.dags["nightly"]
    assert findings(command, deployed, dags) == {"TG521": ("error", ())}


def test_another_version_of_the_dag(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    generate(plan(timeout=5), dags)

    assert findings(command, deployed, dags) == {"TG522": ("warning", ())}
    assert "made from another plan" in command("airflow", "doctor", dags, "--url", deployed.url).out


def test_the_same_plan_in_another_file(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.sources["nightly"] += "# changed by hand\n"

    assert findings(command, deployed, dags) == {"TG522": ("warning", ())}
    assert "made from the same plan" in command("airflow", "doctor", dags, "--url", deployed.url).out


@pytest.mark.parametrize("source", [None, "REDACTED - you do not have read permission on all Dags in the file"])
def test_a_source_that_is_not_shown_is_not_compared(
    command: Taskgraph, deployed: Airflow, dags: Path, source: str | None
) -> None:
    if source is None:
        deployed.sources.clear()
    else:
        deployed.sources["nightly"] = source

    assert findings(command, deployed, dags) == {}


def test_a_dag_that_airflow_builds_from_the_same_plan(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.sources["nightly"] = 'dag = taskgraph_dag("tasks.json")\n'

    assert findings(command, deployed, dags) == {}

    deployed.dags["nightly"]["doc_md"] = None
    assert findings(command, deployed, dags) == {"TG522": ("warning", ())}


def test_a_paused_dag(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.dags["nightly"]["is_paused"] = True

    assert findings(command, deployed, dags) == {"TG523": ("warning", ())}


def test_programs_that_do_not_run(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.health = {"scheduler": {"status": "unhealthy"}, "dag_processor": None, "triggerer": {"status": None}}

    ended = command("airflow", "doctor", dags, "--url", deployed.url)

    assert "TG528 Airflow's scheduler is unhealthy" in ended.out
    assert "TG528 Airflow's dag processor is not running" in ended.out
    assert "triggerer" not in ended.out


def test_what_undoes_a_task_needs_its_pool_as_well(command: Taskgraph, deployed: Airflow, tmp_path: Path) -> None:
    graph = plan("undone", rollback=RUN).model_copy(update={"policy": Policy(rollback=True)})
    file = generate(graph, tmp_path)
    tasks, mark, undoing = file.read_text().partition("ROLLBACK = ")
    file.write_text(tasks + mark + undoing.replace("taskgraph_db", "gone"))

    assert findings(command, deployed, file)["TG524"] == ("error", ("2",))


def test_the_triggerer_counts_where_a_task_waits_in_it(command: Taskgraph, airflow: Airflow, tmp_path: Path) -> None:
    airflow.health["triggerer"] = {"status": None}
    wait = Wait(what="time", target="2030-01-01T00:00:00Z")
    file = generate(graph_of("1", tasks={"1": {"action": wait}}), tmp_path)

    assert "TG528" in findings(command, airflow, file)


def test_more_at_once_than_airflow_runs(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    deployed.parallelism = 8

    assert findings(command, deployed, dags) == {"TG530": ("info", ())}
    deployed.parallelism = 16
    assert findings(command, deployed, dags) == {}


def test_dags_that_share_a_resource_and_not_its_pool(command: Taskgraph, airflow: Airflow, dags: Path) -> None:
    generate(plan("other", claims=(DB, Claim(resource="gpu"))), dags)

    assert findings(command, airflow, dags)["TG529"] == ("warning", ())


def test_other_files_in_the_folder_are_passed_over(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    (dags / "own.py").write_text("raise SystemExit('executed')\n")
    (dags / "latin.py").write_bytes(b"# \xff\n")

    assert findings(command, deployed, dags) == {}


def test_a_dag_file_is_read_and_never_executed(command: Taskgraph, deployed: Airflow, dags: Path) -> None:
    file = dags / "nightly.py"
    file.write_text(file.read_text().replace("OPTIONS = (", "raise SystemExit('executed')\nOPTIONS = ("))

    assert findings(command, deployed, dags) == {"TG522": ("warning", ())}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import os\n", "not a generated DAG file"),
        ('"""The plan x, generated by Taskgraph."""\nTASKS = {', "cannot be read"),
        ('"""The plan x, generated by Taskgraph."""\nDAG_ID = "x"\nTASKS = open("x")\n', "cannot be read"),
        ('"""The plan x, generated by Taskgraph."""\nDAG_ID = "x"\nTASKS = [1]\n', "cannot be read"),
        ('"""The plan x, generated by Taskgraph."""\n', "cannot be read"),
    ],
)
def test_what_is_no_generated_dag_is_refused(
    command: Taskgraph, airflow: Airflow, tmp_path: Path, text: str, what: str
) -> None:
    (tmp_path / "x.py").write_text(text)

    ended = command("airflow", "doctor", tmp_path / "x.py", "--url", airflow.url)

    assert ended.code == 2
    assert what in ended.err


def test_a_folder_without_dags_is_refused(command: Taskgraph, airflow: Airflow, tmp_path: Path) -> None:
    ended = command("airflow", "doctor", tmp_path, "--url", airflow.url)

    assert ended.code == 2
    assert "no generated DAG" in ended.err
