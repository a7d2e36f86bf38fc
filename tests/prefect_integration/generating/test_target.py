from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from prefect_integration.generating.target import TARGET, PrefectOptions, generate
from support.graphs import graph_of, graphs
from taskgraph_core.errors import TargetError
from taskgraph_core.generate import target
from taskgraph_core.ir import Claim, Command, Python, Resource, Task, TaskGraph

ANY_TEXT = st.text(st.characters(categories=("L", "N", "P", "S", "Z", "Cc", "Cf", "Cs")), min_size=1)
NAME = st.text(min_size=1)  # names and ids hold whole characters only


@st.composite
def hostile_graphs(draw: st.DrawFn) -> TaskGraph:
    ids = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    tasks = tuple(
        Task(
            id=task_id,
            title=draw(ANY_TEXT),
            group=draw(st.none() | ANY_TEXT),
            labels=(draw(ANY_TEXT),),
            depends_on=tuple(ids[:number]),
            action=draw(
                st.builds(Command, argv=st.tuples(ANY_TEXT), env=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2))
                | st.builds(Python, entry_point=st.just("a:b"), kwargs=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2))
            ),
            claims=(Claim(resource="r" + ids[0]),),
        )
        for number, task_id in enumerate(ids)
    )
    return TaskGraph(id="x", title=draw(ANY_TEXT), tasks=tasks, resources=(Resource(name="r" + ids[0], capacity=1),))


def tables(source: str) -> dict[str, Any]:
    """The constants of a flow file, read without running it."""
    return {
        ast.unparse(node.target): ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and node.value is not None
    }


@given(hostile_graphs())
def test_hostile_text_stays_data(graph: TaskGraph) -> None:
    files = generate(graph, PrefectOptions()).files

    for text in files.values():
        assert text.isascii()
        assert "\r" not in text
    assert compile(files["x.py"].encode(), "x.py", "exec", dont_inherit=True)
    rows = tables(files["x.py"])["TASKS"]
    assert [(row["id"], row["title"]) for row in rows] == [(task.id, task.title) for task in graph.tasks]


@given(hostile_graphs() | graphs())
def test_the_same_graph_gives_the_same_bytes(graph: TaskGraph) -> None:
    again = TaskGraph.model_validate(graph.model_dump())

    assert generate(graph, PrefectOptions()) == generate(again, PrefectOptions())


@given(graphs())
def test_every_task_and_edge_is_in_the_table(graph: TaskGraph) -> None:
    rows = tables(generate(graph, PrefectOptions()).files["random_flow.py"])["TASKS"]

    assert {row["id"]: tuple(row.get("depends_on", ())) for row in rows} == {
        task.id: task.depends_on for task in graph.tasks
    }


def test_the_target_is_installed_under_its_name() -> None:
    assert target("prefect") is TARGET


def test_generating_and_importing_the_package_need_no_prefect() -> None:
    code = (
        "import sys; sys.modules['prefect'] = None\n"
        "import prefect_integration; assert not any(name.startswith('prefect_integration.') for name in sys.modules)\n"
        "from prefect_integration.generating.target import TARGET, PrefectOptions\n"
        "from taskgraph_core.ir import Task, TaskGraph\n"
        "TARGET.generate(TaskGraph(id='x', tasks=(Task(id='1'),)), PrefectOptions())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["email", "prefect", "queue"])
def test_a_flow_does_not_hide_a_module_that_prefect_imports(name: str) -> None:
    files = generate(graph_of("1", id=name), PrefectOptions()).files

    assert list(files) == [f"{name}_flow.py", f"{name}.limits.json", "prefect.yaml"]
    assert f'entrypoint: "{name}_flow.py:run"' in files["prefect.yaml"]
    assert f"python {name}_flow.py" in files[f"{name}_flow.py"]


@pytest.mark.parametrize(
    ("lines", "tasks"),
    [(["1 < 2", "2 < 1"], {}), (["1 < 9"], {}), (["1"], {"1": {"claims": (Claim(resource="db", slots=9),)}})],
    ids=["circle", "missing", "claim above capacity"],
)
def test_a_graph_that_could_not_run_is_refused(lines: list[str], tasks: dict[str, Any]) -> None:
    graph = graph_of(*lines, tasks=tasks, resources=(Resource(name="db", capacity=1),))

    with pytest.raises(TargetError, match="taskgraph check"):
        generate(graph, PrefectOptions())


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [b"bytes", {1}, nested(300), 10**5000], ids=["bytes", "set", "deep", "long"])
def test_a_value_that_cannot_be_written_is_refused(value: object) -> None:
    graph = graph_of("1", tasks={"1": {"action": Python(entry_point="a:b", kwargs={"x": value})}})

    with pytest.raises(TargetError, match="cannot be written"):
        generate(graph, PrefectOptions())


@pytest.mark.parametrize("pool", ["", "a\nb", "{{ $SECRET }}", 'a"b', "a/b"])
def test_a_work_pool_has_a_plain_name(pool: str) -> None:
    with pytest.raises(ValidationError):
        PrefectOptions(work_pool=pool)
