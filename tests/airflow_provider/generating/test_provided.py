from __future__ import annotations

import ast
from typing import Any

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of
from taskgraph_core.ir import Breaker, Claim, Command, Noop, Python, Rate, Resource, TaskGraph, Wait

BOTH = {"rate": Rate(amount=2, seconds=60), "breaker": Breaker(failures=3, open=1.5)}


def tables(graph: TaskGraph, project_dir: str = "") -> dict[str, Any]:
    """What the tables and constants of the file hold."""
    options = AirflowOptions(project_dir=project_dir, with_provider=True)
    source = TARGET.generate(graph, options).files[f"{graph.id}.py"]
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
    }


def with_api(action: object, claimed: str = "api") -> TaskGraph:
    return graph_of(
        "1",
        tasks={"1": {"action": action, "claims": (Claim(resource=claimed),)}},
        resources=(Resource(name="api", **BOTH), Resource(name="db", capacity=3)),
    )


def severities(graph: TaskGraph, *, with_provider: bool = True) -> dict[str, str]:
    made = TARGET.generate(graph, AirflowOptions(project_dir="/srv", with_provider=with_provider))
    return {finding.code: finding.severity for finding in made.findings}


def test_commands_and_folders_stand_as_the_plan_has_them() -> None:
    command = Command(argv=("./x", "a b", "$HOME"), cwd="we{{ird }}/dir", env={"A": "1"})
    found = tables(graph_of("1", tasks={"1": {"action": command}}), "/srv")

    assert found["PROJECT"] == "/srv"
    assert found["TASKS"]["t1"] == {
        "id": "1",
        "command": ("./x", "a b", "$HOME"),
        "cwd": "we{{ird }}/dir",
        "env": {"A": "1"},
    }


def test_rows_say_which_limits_apply_and_a_table_what_they_are() -> None:
    found = tables(with_api(Python(entry_point="a:b", process=True)))

    assert found["TASKS"]["t1"] == {"id": "1", "call": "a:b", "process": True, "limits": ("api",)}
    assert found["LIMITS"] == {"api": {"rate": {"amount": 2, "seconds": 60}, "breaker": {"failures": 3, "open": 1.5}}}


def test_a_resource_that_only_has_slots_is_a_pool_as_ever() -> None:
    found = tables(with_api(Command(argv=("true",)), "db"))

    assert "LIMITS" not in found
    assert found["TASKS"]["t1"]["pool"] == "taskgraph_db"


def test_a_rate_and_a_breaker_are_kept_by_the_provider_on_each_machine() -> None:
    graph = with_api(Command(argv=("true",)))

    assert severities(graph) == {"TG510": "info", "TG511": "info"}
    assert severities(graph, with_provider=False) == {"TG510": "warning", "TG511": "warning"}


def test_a_wait_is_airflows_own_and_keeps_none() -> None:
    assert severities(with_api(Wait(what="command", target="true"))) == {"TG510": "warning", "TG511": "warning"}


def test_what_does_nothing_starts_nothing() -> None:
    assert severities(with_api(Noop())) == {}


def test_without_the_flag_nothing_of_ours_is_imported() -> None:
    graph = with_api(Command(argv=("true",)))
    plain = TARGET.generate(graph, AirflowOptions()).files["example.py"]

    assert "airflow_provider" not in plain
    assert "LIMITS" not in plain
