from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_integration.generating.remarks import remarks
from support.graphs import graph_of
from taskgraph_core.ir import Breaker, Claim, Policy, Python, Rate, Resource, Wait

if TYPE_CHECKING:
    from taskgraph_core.findings import Finding

BOUNDED = Policy(max_parallel=2)


def codes(*lines: str, **fields: Any) -> dict[str, Finding]:
    return {finding.code: finding for finding in remarks(graph_of(*lines, **{"policy": BOUNDED, **fields}))}


def claiming(**fields: Any) -> dict[str, Any]:
    tasks = {"1": {"claims": (Claim(resource="db", **fields),)}}
    return {"tasks": tasks, "resources": (Resource(name="db", capacity=4),)}


def test_a_plain_bounded_graph_needs_no_remark() -> None:
    assert codes("1", "2 < 1") == {}


def test_the_bound_chosen_for_the_user_is_said() -> None:
    assert "at most 8" in codes("1", policy=Policy())["TG601"].message


def test_the_limits_to_create_are_said_with_their_commands() -> None:
    assert codes("1", **claiming())["TG602"].fix == "prefect concurrency-limit create resource:db 4"


def test_a_limit_that_is_more_careful_than_the_capacity_is_said() -> None:
    found = codes("1", "2", **claiming(slots=3))

    assert found["TG603"].severity == "warning"
    assert found["TG603"].tasks == ("1",)
    assert found["TG602"].fix.endswith("resource:db 1")


def test_readers_and_writers_are_kept_inside_a_run_only() -> None:
    found = codes("1", "2", tasks={"2": {"claims": (Claim(resource="f", mode="read"),)}})

    assert found["TG604"].tasks == ("2",)


def test_a_waiting_task_takes_a_place() -> None:
    found = codes("1", "2", tasks={"1": {"action": Wait(what="file", target="x")}})

    assert found["TG605"].tasks == ("1",)


def test_a_function_in_a_thread_cannot_be_stopped() -> None:
    call = Python(entry_point="a:b")
    alone = call.model_copy(update={"process": True})
    actions = {"1": {"action": call}, "2": {"action": call, "timeout": 5.0}, "3": {"action": alone}}
    found = codes("1", "2", "3", tasks=actions)

    assert found["TG606"].tasks == ("1",)


def test_rates_and_breakers_are_kept_inside_a_run_only() -> None:
    tasks = {"1": {"claims": (Claim(resource="api"),)}}
    for limit in ({"rate": Rate(amount=1, seconds=60)}, {"breaker": Breaker()}):
        found = codes("1", "2", tasks=tasks, resources=(Resource(name="api", **limit),))

        assert set(found) == {"TG607"}
        assert found["TG607"].tasks == ("1",)


def test_nobody_looks_at_the_machine() -> None:
    assert set(codes("1", policy=Policy(max_parallel=2, max_load=2.0))) == {"TG608"}
    assert set(codes("1", policy=Policy(max_parallel=2, max_memory=1.0))) == {"TG608"}


def test_every_remark_says_what_to_do() -> None:
    graph = graph_of("1", tasks={"1": {"action": Wait(what="file", target="x")}}, resources=())

    assert all(finding.fix for finding in remarks(graph))
