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


def test_the_limits_to_apply_are_said_with_the_command() -> None:
    found = codes("1", **claiming())["TG602"]

    assert "1 limit " in found.message
    assert "taskgraph prefect apply example.limits.json" in found.fix


def test_several_slots_of_one_resource_are_nothing_to_remark() -> None:
    assert set(codes("1", "2", **claiming(slots=3))) == {"TG602"}


def test_who_takes_limits_one_by_one_is_named() -> None:
    claims = (Claim(resource="db", slots=2), Claim(resource="gpu"))
    both = (Resource(name="db", capacity=4), Resource(name="gpu", capacity=4))
    found = codes("1", "2", tasks={"1": {"claims": claims}}, resources=both)

    assert found["TG603"].tasks == ("1",)


def test_a_writer_waits_for_readers_of_other_runs() -> None:
    found = codes("1", "2", tasks={"2": {"claims": (Claim(resource="f", mode="write"),)}})

    assert found["TG604"].tasks == ("2",)


def test_what_is_not_shared_needs_nothing_of_the_server() -> None:
    tasks = {"1": {"claims": (Claim(resource="db", slots=2), Claim(resource="f", mode="write"))}}
    alone = (Resource(name="db", capacity=4, shared=False), Resource(name="f", shared=False))

    assert codes("1", tasks=tasks, resources=alone) == {}


def test_a_waiting_task_takes_a_place() -> None:
    found = codes("1", "2", tasks={"1": {"action": Wait(what="file", target="x")}})

    assert found["TG605"].tasks == ("1",)


def test_a_function_in_a_thread_cannot_be_stopped() -> None:
    call = Python(entry_point="a:b")
    alone = call.model_copy(update={"process": True})
    actions = {"1": {"action": call}, "2": {"action": call, "timeout": 5.0}, "3": {"action": alone}}
    found = codes("1", "2", "3", tasks=actions)

    assert found["TG606"].tasks == ("1", "2")


API = {"1": {"claims": (Claim(resource="api"),)}}


def test_breakers_and_rates_that_are_not_shared_are_kept_inside_a_run_only() -> None:
    for limit in ({"rate": Rate(amount=1, seconds=60), "shared": False}, {"breaker": Breaker()}):
        found = codes("1", "2", tasks=API, resources=(Resource(name="api", **limit),))

        assert set(found) == {"TG607"}
        assert found["TG607"].tasks == ("1",)


def test_a_shared_rate_is_kept_evenly() -> None:
    found = codes("1", "2", tasks=API, resources=(Resource(name="api", rate=Rate(amount=10, seconds=60)),))

    assert set(found) == {"TG602", "TG609"}
    assert "every 6 s" in found["TG609"].message
    assert found["TG609"].tasks == ("1",)


def test_nobody_looks_at_the_machine() -> None:
    assert set(codes("1", policy=Policy(max_parallel=2, max_load=2.0))) == {"TG608"}
    assert set(codes("1", policy=Policy(max_parallel=2, max_memory=1.0))) == {"TG608"}


def test_every_remark_says_what_to_do() -> None:
    graph = graph_of("1", tasks={"1": {"action": Wait(what="file", target="x")}}, resources=())

    assert all(finding.fix for finding in remarks(graph))
