"""A DAG straight from its plan, in the real Airflow."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagcode import DagCode
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID, _AIRFLOW_PARSING_CONTEXT_TASK_ID
from airflow.serialization.serialized_objects import DagSerialization
from airflow.utils.session import create_session
from sqlalchemy import func, select

from airflow_provider.generating.target import TARGET, AirflowOptions
from taskgraph_core.compile import Request, compile_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow.sdk import DAG

STUB = "from airflow_provider import taskgraph_dag\n\ndag = taskgraph_dag({arguments})\n"
BUNDLE = "dags-folder"

PROFILE = """
[graph]
id = "shop"
[resources]
db = 2
[defaults]
command = ["sh", "-c", "pwd >> places"]
retry = { attempts = 2, delay = "1s" }
[[rules]]
match = { id = "2" }
claims = { db = 1 }
timeout = "5m"
[[rules]]
match = { id = "3" }
wait = { file = "places" }
trigger_rule = "all_done"
"""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where compiled DAGs are kept; nothing at first. No task's process is meant, until a test says so."""
    for name in (_AIRFLOW_PARSING_CONTEXT_DAG_ID, _AIRFLOW_PARSING_CONTEXT_TASK_ID):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "taskgraph-dags"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    place = tmp_path / "shop/tasks.json"
    place.parent.mkdir()
    write_plan(place, "First", "Second", "{{ 7*7 }}")
    (place.parent / "taskgraph.toml").write_text(PROFILE)
    return place


def write_plan(place: Path, *titles: str) -> None:
    tasks = [
        {"id": number, "title": title, "dependencies": list(range(1, number))[-1:]}
        for number, title in enumerate(titles, start=1)
    ]
    place.write_text(json.dumps({"tasks": tasks}))


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    place = tmp_path / "dags/shop.py"
    place.parent.mkdir()
    place.write_text(STUB.format(arguments="'../shop/tasks.json'"))
    return place


def serialized(dag: DAG) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    return found


def generated(plan: Path, **options: Any) -> str:
    return TARGET.generate(compile_request(Request(str(plan))).graph, AirflowOptions(**options)).files["shop.py"]


def test_the_dag_is_that_of_the_generated_file(load: Callable[[Path], DAG], stub: Path, plan: Path, kept: Path) -> None:
    built, read = load(stub), load(stub)
    assert len(list(kept.iterdir())) == 1
    stub.write_text(generated(plan) + "\n# this one is longer\n")

    assert serialized(built) == serialized(read) == serialized(load(stub))


def test_any_dag_is_that_of_its_generated_file(case: Any, load: Callable[[Path], DAG], tmp_path: Path) -> None:
    place = tmp_path / f"{case.graph.id}.py"
    (tmp_path / "graph.json").write_text(case.graph.model_dump_json())
    place.write_text(STUB.format(arguments=f"'graph.json', again=True, **{case.options.model_dump()!r}"))
    built, read = serialized(load(place)), serialized(load(place))
    place.write_text(TARGET.generate(case.graph, case.options).files[place.name])

    assert built == read == serialized(load(place))


@pytest.mark.parametrize("path", ["../shop", "{plan}"])
def test_paths_may_be_absolute_or_seen_from_the_file(
    load: Callable[[Path], DAG], stub: Path, plan: Path, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path / "dags")
    path = path.format(plan=plan)
    stub.write_text(STUB.format(arguments=f"{path!r}, profile='../shop/taskgraph.toml', project_dir='../shop'"))

    built = serialized(load(stub))
    stub.write_text(generated(plan, project_dir="../shop") + "\n# this one is longer\n")

    assert built == serialized(load(stub))


def test_the_file_of_the_dag_is_the_one_in_the_dags_folder(load: Callable[[Path], DAG], stub: Path, plan: Path) -> None:
    for dag in (load(stub), load(stub)):
        assert (dag.fileloc, dag.relative_fileloc, dag.folder) == (str(stub), "shop.py", str(stub.parent))


def test_it_does_not_depend_on_where_entries_are_kept(
    load: Callable[[Path], DAG], stub: Path, plan: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [serialized(load(stub)), serialized(load(stub))]
    monkeypatch.setenv("AIRFLOW_HOME", "/proc")
    for caches in (str(tmp_path / "others"), "/proc"):
        monkeypatch.setenv("XDG_CACHE_HOME", caches)
        found += [serialized(load(stub)), serialized(load(stub))]

    assert all(one == found[0] for one in found)
    assert (tmp_path / "others/taskgraph-dags").is_dir()


def in_the_process_of(monkeypatch: pytest.MonkeyPatch, task_id: str) -> None:
    """As Airflow's own context manager does, which leaves the names behind."""
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, "shop")
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_TASK_ID, task_id)


def test_a_task_process_builds_its_task_and_no_other(
    load: Callable[[Path], DAG], stub: Path, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_process_of(monkeypatch, "t2")

    assert [list(load(stub).task_dict) for _ in range(2)] == [["t2"], ["t2"]]


def test_a_damaged_entry_is_compiled_again(load: Callable[[Path], DAG], stub: Path, plan: Path, kept: Path) -> None:
    whole = serialized(load(stub))
    (entry,) = kept.iterdir()
    content = entry.read_bytes()
    for damaged in (content[:-100], content.replace(b"Second", b"Hacked"), b""):
        entry.write_bytes(damaged)
        assert serialized(load(stub)) == whole
        assert entry.read_bytes() == content


READER = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag(sys.argv[1], bundle_path=None, bundle_name="dags-folder")
print(json.dumps(DagSerialization.to_dict(bag.dags["shop"]), sort_keys=True))
"""


def test_two_processes_at_once_read_the_same(stub: Path, plan: Path, kept: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", READER, stub]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [reader.communicate()[0].splitlines()[-1] for reader in readers]

    assert said[0] == said[1]
    assert len(list(kept.iterdir())) == 1


def versions() -> int:
    with create_session() as session:
        count: int = session.scalar(select(func.count()).select_from(DagVersion).where(DagVersion.dag_id == "shop"))
        return count


def synchronise(stub: Path) -> None:
    """What the DAG processor does after reading a file."""
    bag = DagBag(stub, bundle_path=stub.parent, bundle_name=BUNDLE)
    assert not bag.import_errors
    with create_session() as session:
        session.merge(DagBundleModel(name=BUNDLE))
    sync_bag_to_db(bag, BUNDLE, None)


def run_once(stub: Path) -> None:
    """A version that no run has used yet is replaced; so every version gets one."""
    bag = DagBag(stub, bundle_path=stub.parent, bundle_name=BUNDLE)
    assert bag.dags["shop"].test().state == "success"


def test_a_changed_plan_is_one_new_version_and_an_unchanged_one_is_none(
    run: Callable[..., Any], dags_folder: Path, plan: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL", "0")
    stub = dags_folder / "shop.py"
    stub.write_text(STUB.format(arguments=f"{str(plan)!r}, project_dir={str(plan.parent)!r}"))
    synchronise(stub)
    run_once(stub)
    before = versions()

    synchronise(stub)
    for entry in kept.iterdir():
        entry.unlink()
    synchronise(stub)
    plan.write_text(plan.read_text().replace("{", "{ ", 1))
    synchronise(stub)
    assert versions() == before

    write_plan(plan, "First", "Second", "Third", "Fourth")
    synchronise(stub)
    synchronise(stub)
    assert versions() == before + 1
    run_once(stub)
    synchronise(stub)
    assert versions() == before + 1
    with create_session() as session:
        assert DagCode.get_latest_dagcode("shop", session=session).source_code == stub.read_text()
    assert (plan.parent / "places").read_text().split() == [str(plan.parent)] * 5


@pytest.mark.parametrize("damage", ["unsound", "unreadable", "missing", "profile"])
def test_a_plan_that_makes_no_dag_is_an_import_error_of_a_few_lines(stub: Path, plan: Path, damage: str) -> None:
    match damage:
        case "unsound":
            plan.write_text(json.dumps({"tasks": [{"id": 1, "dependencies": [2]}, {"id": 2, "dependencies": [1]}]}))
        case "unreadable":
            plan.write_text('{"tasks": [')
        case "missing":
            plan.unlink()
        case "profile":
            (plan.parent / "taskgraph.toml").write_text("[defaults]\ncomand = 'x'\n")

    bag = DagBag(stub, bundle_path=stub.parent, bundle_name=BUNDLE)

    (shown,) = bag.import_errors.values()
    lines = shown.splitlines()
    assert next(line.split('"')[1] for line in lines if line.startswith("  File")) == str(stub)
    assert "UnusablePlanError: error: " in shown
    assert "\n   in: " in shown
    assert "\n   do: " in shown
    assert "During handling" not in shown
    assert len(lines) <= 11
    if damage == "unsound":
        assert "TG203 at $.tasks" in shown


def test_warnings_go_to_the_log_of_the_parse_and_to_no_tasks(
    load: Callable[[Path], DAG],
    stub: Path,
    plan: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = [{"id": 1, "title": "First", "priority": "at once"}]
    plan.write_text(json.dumps({"tasks": tasks}))
    caplog.set_level(logging.INFO, "airflow_provider")

    for _ in range(2):
        load(stub)
        (said,) = [record for record in caplog.records if record.name.startswith("airflow_provider")]
        assert (said.levelname, said.getMessage()[:3]) == ("WARNING", "TG1")
        caplog.clear()
    in_the_process_of(monkeypatch, "t1")
    load(stub)
    assert not [record for record in caplog.records if record.name.startswith("airflow_provider")]


def test_without_a_place_to_keep_it_the_dag_is_there_and_the_log_says_why_it_is_slow(
    load: Callable[[Path], DAG],
    stub: Path,
    plan: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("AIRFLOW_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "/proc/self")

    assert set(load(stub).task_dict) >= {"t1", "t2", "t3"}
    assert "/proc/self/taskgraph-dags" in caplog.text
