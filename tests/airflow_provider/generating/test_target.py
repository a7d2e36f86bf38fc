from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of, graphs
from support.plans import graph_of_plan
from support.plans import task as entry
from taskgraph_core.errors import TargetError
from taskgraph_core.generate import target
from taskgraph_core.ir import Claim, Command, Python, Resource, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from taskgraph_core.generate import Generated


def generate(graph: TaskGraph, project_dir: str = "") -> Generated:
    return TARGET.generate(graph, AirflowOptions(project_dir=project_dir))


def ruff(*arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",  # where its users are: beside our sources, a package of ours would be no third party's
    )
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def constants(source: str) -> dict[str, Any]:
    """What the tables of a generated file hold, read without running it."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def test_the_generated_files_are_the_committed_ones(case: Any, golden: Callable[[Path, str], None]) -> None:
    for name, text in case.generate().files.items():
        golden(case.folder / name, text)


def test_there_is_one_dag_file_and_one_of_pools(case: Any) -> None:
    assert list(case.generate().files) == [f"{case.graph.id}.py", f"{case.graph.id}.pools.json"]


def test_generated_files_are_ascii_and_compile_from_their_bytes(case: Any) -> None:
    content = case.generate().files[f"{case.graph.id}.py"].encode("ascii")

    assert content.startswith(b"# -*- coding: utf-8 -*-")
    compile(content, "dag.py", "exec", dont_inherit=True)


def test_linter_and_formatter_have_nothing_to_say(cases: Mapping[str, Any], tmp_path: Path) -> None:
    for case in cases.values():
        (tmp_path / f"{case.graph.id}.py").write_text(case.generate().files[f"{case.graph.id}.py"])

    dags = str(Path(__file__).parents[3] / "dags")

    assert not ruff("check", "--isolated", str(tmp_path), dags)
    assert not ruff("format", "--isolated", "--diff", str(tmp_path), dags)


def test_header_says_where_the_file_comes_from(case: Any) -> None:
    header = ast.get_docstring(ast.parse(case.generate().files[f"{case.graph.id}.py"])) or ""

    assert case.graph.fingerprint in header
    assert "Do not edit" in header
    assert "taskgraph generate airflow" in header


def test_target_is_found_by_its_name() -> None:
    assert target("airflow") is TARGET


def test_an_empty_plan_is_an_empty_dag() -> None:
    assert constants(generate(TaskGraph(id="empty")).files["empty.py"])["TASKS"] == {}


def test_pools_file_is_what_airflow_imports() -> None:
    graph = graph_of(
        "1",
        resources=(Resource(name="db", capacity=2),),
        tasks={"1": {"action": Command(argv=("true",)), "claims": (Claim(resource="db"),)}},
    )

    assert json.loads(generate(graph).files["example.pools.json"]) == {
        "taskgraph_db": {"slots": 2, "description": "Taskgraph: db", "include_deferred": True}
    }


def test_conflicts_that_the_profile_orders_are_edges() -> None:
    profile = {"conflicts": "order", "defaults": {"command": "true", "claims": {"file:x": "write"}}}
    graph = graph_of_plan(entry(1), entry(2), entry(3), profile=profile)

    rows = constants(generate(graph).files[f"{graph.id}.py"])["TASKS"]

    assert [rows[name].get("after") for name in ("t1", "t2", "t3")] == [None, ("t1",), ("t2",)]


def test_header_says_what_was_folded_and_never_what_is_no_plain_name() -> None:
    graph = graph_of("1")

    def header(fold: str) -> str:
        return TARGET.generate(graph, AirflowOptions(fold=fold)).files["example.py"].partition("Fingerprint")[0]

    assert " --fold a,file:out/x\n" in header("file:out/x,a")
    assert " --fold RESOURCES\n" in header('a,"""\n')
    assert "--fold" not in header("")


@pytest.mark.parametrize(
    "graph",
    [
        graph_of("1 < 2", "2 < 1"),
        graph_of("1 < 2"),
        TaskGraph(id="twice", tasks=(Task(id="1"), Task(id="1"))),
        graph_of(
            "1", resources=(Resource(name="db", capacity=1),), tasks={"1": {"claims": (Claim(resource="db", slots=2),)}}
        ),
    ],
    ids=["circle", "missing", "duplicate", "claims too much"],
)
def test_unsound_graphs_are_refused(graph: TaskGraph) -> None:
    with pytest.raises(TargetError):
        generate(graph)


def test_the_project_folder_must_be_one_that_a_system_takes() -> None:
    with pytest.raises(ValidationError, match="no system takes it"):
        AirflowOptions(project_dir="/with\0nul")


def test_a_relative_project_folder_is_seen_from_the_dag_file() -> None:
    action = Command(argv=("./step.sh",), cwd="work")
    graph = graph_of("1", tasks={"1": {"action": action}})

    text = TARGET.generate(graph, AirflowOptions(project_dir="../project")).files["example.py"]

    assert 'FOLDER = "{{ task.dag.folder }}/../project"' in text
    assert '"cwd": "{{ task.dag.folder }}/../project/work"' in text
    assert '"command": ("../step.sh",)' in text


ATTACKS = st.sampled_from(
    ["'", '"', '"""', "\\", "\n", "\r", "{{", "}}", "{%", "{#", "#", "\0", "\u2028", ".sh", ".md"]
)
TEXT = st.lists(ATTACKS | st.text(max_size=4), max_size=8).map("".join)
PASSABLE = TEXT.map(lambda text: text.replace("\0", ""))


@st.composite
def hostile_graphs(draw: st.DrawFn) -> TaskGraph:
    tasks = []
    ids = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=5, unique=True))
    for number, task_id in enumerate(ids):
        shell = draw(PASSABLE.filter(bool))
        command = Command.model_validate({"shell": shell, "env": {"X": draw(PASSABLE)}, "cwd": draw(PASSABLE)})
        python = Python(entry_point="a.b:c", kwargs={draw(PASSABLE): [draw(PASSABLE), draw(st.integers())]})
        tasks.append(
            Task(
                id=task_id,
                title=draw(TEXT),
                description=draw(TEXT),
                labels=(draw(TEXT),),
                group=draw(st.sampled_from([None, *ids[:number]])),
                depends_on=tuple(ids[:number]),
                action=draw(st.sampled_from([command, python])),
                claims=(Claim(resource=draw(TEXT.filter(bool)), mode="write"),),
            )
        )
    return TaskGraph(id="hostile", title=draw(TEXT), tasks=tuple(tasks))


@given(graph=hostile_graphs())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_text_of_the_plan_stays_data(graph: TaskGraph) -> None:
    source = generate(graph).files["hostile.py"]

    assert source.isascii()
    rows = [row for row in constants(source)["TASKS"].values() if "id" in row]
    assert [row["id"] for row in rows] == [task.id.replace("\0", "") for task in graph.tasks]
    assert [row.get("title", "") for row in rows] == [task.title.replace("\0", "") for task in graph.tasks]
    for row, task in zip(rows, graph.tasks, strict=True):
        match task.action:
            case Command(shell=shell, env=env):
                assert row["command"] == shell
                assert row["env"] == env
            case Python(kwargs=kwargs):
                assert row["arguments"] == kwargs
    code = source[source.index("\nOPTIONS = ") : source.index("\ndag = DAG(")]
    assert code in generate(benign(graph)).files["hostile.py"]


def benign(graph: TaskGraph) -> TaskGraph:
    """The same graph, with nothing but its shape and kinds of actions."""
    names = {task.id: str(number) for number, task in enumerate(graph.tasks, start=1)}
    tasks = [
        Task(
            id=names[task.id],
            group=names.get(task.group or ""),
            depends_on=tuple(names[other] for other in task.depends_on),
            action=Command(argv=("true",)) if isinstance(task.action, Command) else Python(entry_point="a.b:c"),
        )
        for task in graph.tasks
    ]
    return TaskGraph(id=graph.id, tasks=tuple(tasks))


@given(graph=graphs())
def test_the_same_graph_gives_the_same_bytes(graph: TaskGraph) -> None:
    again = TaskGraph.model_validate_json(graph.model_dump_json())

    assert generate(graph) == generate(again)
