from __future__ import annotations

from typing import Any

from airflow_provider.generating.target import TARGET, AirflowOptions
from support.graphs import graph_of
from taskgraph_core.ir import Breaker, Claim, Command, Policy, Python, Rate, Resource, Task, TaskGraph, Wait

RUN = Command(argv=("true",))


def codes(graph: TaskGraph, project_dir: str = "/srv") -> dict[str, tuple[str, ...]]:
    """What was found, with the tasks concerned."""
    made = TARGET.generate(graph, AirflowOptions(project_dir=project_dir))
    return {finding.code: finding.tasks for finding in made.findings}


def one_of_each(**fields: Any) -> TaskGraph:
    return graph_of("1", "2 < 1", tasks={"1": {"action": RUN}, "2": {"action": RUN, **fields}})


def test_an_ordinary_plan_is_not_remarked_upon() -> None:
    assert codes(one_of_each()) == {}


def test_a_big_plan_should_be_split() -> None:
    tasks = tuple(Task(id=str(number)) for number in range(1_001))

    assert "TG501" not in codes(TaskGraph(id="x", tasks=tasks[1:]))
    assert "TG501" in codes(TaskGraph(id="x", tasks=tasks))


def test_airflow_bounds_how_many_tasks_run_at_once() -> None:
    tasks = tuple(Task(id=str(number)) for number in range(17))

    assert codes(TaskGraph(id="x", tasks=tasks)) == {"TG509": ()}
    assert codes(TaskGraph(id="x", tasks=tasks, policy=Policy(max_parallel=20))) == {}
    assert codes(TaskGraph(id="x", tasks=tasks[1:])) == {}


def test_folded_pools_are_stricter_than_the_plan() -> None:
    both = (Claim(resource="a"), Claim(resource="b"))
    graph = graph_of(
        "1",
        "2",
        tasks={"1": {"action": RUN, "claims": both}, "2": {"action": RUN, "claims": both[:1]}},
        resources=(Resource(name="a", capacity=1), Resource(name="b", capacity=2)),
    )

    assert codes(graph) == {"TG502": ("1", "2")}
    (finding,) = TARGET.generate(graph, AirflowOptions(project_dir="/srv")).findings
    assert "wait for each other" in finding.message
    assert finding.fix.endswith("generate all with --fold a,b")


def test_a_folded_pool_of_one_task_is_still_not_that_of_another_dag() -> None:
    graph = one_of_each(claims=(Claim(resource="a"), Claim(resource="x y"))).model_copy(
        update={"resources": (Resource(name="a", capacity=1), Resource(name="x y", capacity=2))}
    )

    (finding,) = TARGET.generate(graph, AirflowOptions(project_dir="/srv")).findings

    assert finding.code == "TG502"
    assert "wait for each other" not in finding.message
    assert "a DAG that claims only some of them has another pool" in finding.message
    assert finding.fix.endswith("--fold 'a,x y'")


def test_pools_that_were_asked_for_are_not_remarked_upon() -> None:
    graph = one_of_each(claims=(Claim(resource="a"), Claim(resource="b"))).model_copy(
        update={"resources": (Resource(name="a", capacity=1), Resource(name="b", capacity=2))}
    )

    assert TARGET.generate(graph, AirflowOptions(project_dir="/srv", fold="b, a")).findings == ()
    assert TARGET.generate(graph, AirflowOptions(project_dir="/srv", fold="a,c")).findings != ()


def test_stopping_ends_what_runs_as_well() -> None:
    assert codes(graph_of("1", policy=Policy(on_failure="stop"))) == {"TG503": ()}


def test_airflow_cannot_stop_where_rules_look_at_failures() -> None:
    graph = graph_of("1", "2 < 1", tasks={"2": {"trigger_rule": "all_done"}}, policy=Policy(on_failure="stop"))

    assert codes(graph) == {"TG504": ("2",)}


def test_a_run_that_is_marked_early_is_rolled_back() -> None:
    graph = one_of_each(rollback=RUN)
    timed = graph.model_copy(update={"policy": Policy(rollback=True, timeout=60)})

    assert codes(graph) == {}
    assert codes(graph.model_copy(update={"policy": Policy(rollback=True)})) == {"TG505": ("2",)}
    found = TARGET.generate(timed, AirflowOptions(project_dir="/srv")).findings
    assert [(each.code, each.path) for each in found] == [("TG505", "run.rollback"), ("TG505", "run.timeout")]


def test_a_failure_threshold_is_missing() -> None:
    assert codes(graph_of("1", policy=Policy(failure_threshold=3))) == {"TG506": ()}


def test_somebody_should_say_where_the_project_lies() -> None:
    assert codes(one_of_each(), project_dir="") == {"TG507": ("1", "2")}
    assert codes(graph_of("1"), project_dir="") == {}


def test_groups_that_cannot_be_shown_are_named() -> None:
    graph = graph_of(
        "a1",
        "b1 < a1",
        "b2",
        "a2 < b2",
        tasks={"a1": {"group": "A"}, "a2": {"group": "A"}, "b1": {"group": "B"}, "b2": {"group": "B"}},
    )

    assert codes(graph) == {"TG508": ("A", "B")}


def test_rates_and_breakers_are_missing_and_their_other_limits_are_kept() -> None:
    both = {"rate": Rate(amount=1, seconds=60), "breaker": Breaker()}
    graph = one_of_each(claims=(Claim(resource="api"),))

    def with_api(**fields: Any) -> TaskGraph:
        return graph.model_copy(update={"resources": (Resource(name="api", **fields), Resource(name="idle", **both))})

    assert codes(with_api(rate=both["rate"])) == {"TG510": ("2",)}
    assert codes(with_api(breaker=both["breaker"], capacity=2)) == {"TG511": ("2",)}
    assert (
        '"taskgraph_api"' in TARGET.generate(with_api(capacity=2, **both), AirflowOptions()).files["example.pools.json"]
    )
    assert TARGET.generate(with_api(**both), AirflowOptions()).files["example.pools.json"] == "{}\n"


def test_a_failure_rate_is_missing() -> None:
    assert codes(graph_of("1", policy=Policy(failure_rate=0.5))) == {"TG512": ()}
    assert codes(graph_of("1", policy=Policy(failure_rate=0.5, on_failure="stop"))) == {"TG503": ()}


def test_the_triggerer_must_see_the_files_it_looks_for() -> None:
    assert codes(one_of_each(action=Wait(what="file", target="x"))) == {"TG513": ("2",)}
    assert codes(one_of_each(action=Wait(what="command", target="x", factor=3))) == {}


def test_nobody_looks_at_the_machine() -> None:
    assert set(codes(graph_of("1", policy=Policy(max_load=2.0)))) == {"TG514"}
    assert set(codes(graph_of("1", policy=Policy(max_memory=1.0)))) == {"TG514"}


def test_every_task_of_airflow_has_a_process_of_its_own() -> None:
    assert codes(one_of_each(action=Python(entry_point="a:b", process=True))) == {}
