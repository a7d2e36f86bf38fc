from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from prefect import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.task_runners import ThreadPoolTaskRunner

from support.graphs import graph_of
from taskgraph_core.ir import Claim, Command, Noop, Policy, Python, Resource, Retry, TaskGraph, Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Finish = Callable[..., Any]


def sh(line: str) -> Command:
    return Command(argv=("/bin/sh", "-c", line))


def writes(place: Path, line: str = "") -> Command:
    """A command that appends its task's id to a file, and then does more."""
    return sh(f"echo $TASKGRAPH_TASK_ID >> {place}; {line}")


def test_tasks_run_in_the_order_of_the_graph(finish: Finish, tmp_path: Path) -> None:
    action = {"action": writes(tmp_path / "log")}
    graph = graph_of("a", "b < a", "c < a", "d < b c", tasks=dict.fromkeys("abcd", action))
    run = finish(graph)
    order = (tmp_path / "log").read_text().split()

    assert sorted(order) == list("abcd")
    assert (order[0], order[-1]) == ("a", "d")
    assert run.state.is_completed()
    assert run.state.message == "4 success"


def test_the_server_knows_the_edges_names_and_tags(finish: Finish) -> None:
    graph = graph_of(
        "a",
        "b < a",
        "c < a b",
        tasks={
            "a": {
                "title": "First {x}",
                "labels": ("nightly",),
                "claims": (Claim(resource="d b"),),
                "action": sh("exit 1"),
            },
            "b": {"trigger_rule": "all_done", "group": "a"},
            "c": {"trigger_rule": "all_done"},
        },
        resources=(Resource(name="d b", capacity=1),),
    )
    run = finish(graph)
    (first,), (second,), (third,) = run.of("a"), run.of("b"), run.of("c")

    assert (first.name, first.state_name) == ("a First {x}", "Failed")
    assert {"task:a", "label:nightly"} < set(first.tags)
    assert any(tag.startswith("resource:d-b-") for tag in first.tags)
    assert set(second.tags) == {"task:b", "group:a"}
    assert [edge.id for edge in second.task_inputs["order"]] == [first.id]
    assert {edge.id for edge in third.task_inputs["order"]} == {first.id, second.id}


def test_exit_code_99_is_skipped_and_passed_on(finish: Finish) -> None:
    run = finish(
        graph_of("a", "b < a", "c < a", tasks={"a": {"action": sh("exit 99")}, "c": {"trigger_rule": "all_done"}})
    )

    assert run.states == {"a": "skipped", "b": "skipped", "c": "success"}
    assert run.state.is_completed()


def test_a_retry_succeeds_and_holds_neither_worker_nor_slot_meanwhile(finish: Finish, tmp_path: Path) -> None:
    log = tmp_path / "log"
    graph = graph_of(
        "a",
        "b",
        tasks={
            "a": {
                "action": writes(log, "test $TASKGRAPH_ATTEMPT = 2"),
                "retry": Retry(attempts=3, delay=1.0),
                "estimate": 9,
                "claims": (Claim(resource="paused"),),
            },
            "b": {"action": writes(log), "claims": (Claim(resource="paused"),)},
        },
        policy=Policy(max_parallel=1),
        resources=(Resource(name="paused", capacity=1),),
    )
    run = finish(graph)

    assert log.read_text().split() == ["a", "b", "a"]
    assert [(attempt.name, attempt.state_name) for attempt in run.of("a")] == [
        ("a", "Failed"),
        ("a (attempt 2)", "Completed"),
    ]
    first, second = run.of("a")
    assert (second.start_time - first.end_time).total_seconds() >= 1.0
    assert run.state.is_completed()


def test_a_timeout_ends_the_whole_tree(finish: Finish, tmp_path: Path, gone: Callable[[int], None]) -> None:
    line = f"sh -c 'sleep 600 & echo $! > {tmp_path}/child; wait' & sleep 600"
    run = finish(graph_of("a", "b < a", tasks={"a": {"action": sh(line), "timeout": 0.7}}))

    gone(int((tmp_path / "child").read_text()))
    assert [(attempt.state_name, attempt.state.message) for attempt in run.of("a")] == [
        ("TimedOut", "timed out after 700 ms")
    ]
    assert run.states == {"a": "failed", "b": "upstream_failed"}


TIMED = """\
import sys, time
began = time.time()
time.sleep(0.3)
with open(sys.argv[1], "w") as stream:
    stream.write(f"{began} {time.time()}")
"""


def timed(tmp_path: Path, claims: dict[str, Claim], **fields: Any) -> TaskGraph:
    """Tasks that all want to run at once, and write when they began and ended."""
    tasks = {
        name: {"action": Command(argv=(sys.executable, "-S", "-c", TIMED, str(tmp_path / name))), "claims": (claim,)}
        for name, claim in claims.items()
    }
    return graph_of(*claims, tasks=tasks, policy=Policy(max_parallel=len(claims)), **fields)


def times(tmp_path: Path, claims: dict[str, Claim]) -> dict[str, tuple[float, float]]:
    """When each of them began and ended by its own account."""
    written = {name: (tmp_path / name).read_text().split() for name in claims}
    return {name: (float(began), float(ended)) for name, (began, ended) in written.items()}


def spans_of(finish: Finish, tmp_path: Path, claims: dict[str, Claim], **fields: Any) -> dict[str, tuple[float, float]]:
    """The same after a whole run."""
    finish(timed(tmp_path, claims, **fields))
    return times(tmp_path, claims)


def test_a_capacity_is_never_exceeded_and_used_in_full(finish: Finish, tmp_path: Path) -> None:
    claims = dict.fromkeys("abcdef", Claim(resource="db"))
    spans = spans_of(finish, tmp_path, claims, resources=(Resource(name="db", capacity=2),)).values()

    assert max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans) == 2


def test_a_limit_on_the_server_holds_as_well(flow_of: Callable[[TaskGraph], Any], tmp_path: Path) -> None:
    claims = dict.fromkeys("ab", Claim(resource="shared"))
    flow = flow_of(timed(tmp_path, claims, resources=(Resource(name="shared", capacity=2),)))
    with get_client(sync_client=True) as client:  # lower than the run's own capacity, which lets both run at once
        client.update_global_concurrency_limit("tag:resource:shared", GlobalConcurrencyLimitUpdate(limit=1))
    state = flow(return_state=True)
    first, second = sorted(times(tmp_path, claims).values())

    assert state.is_completed()
    assert first[1] <= second[0]


def test_a_writer_never_runs_beside_anybody(finish: Finish, tmp_path: Path) -> None:
    modes = {"w1": "write", "r1": "read", "r2": "read", "w2": "write"}
    claims = {name: Claim.model_validate({"resource": "f", "mode": mode}) for name, mode in modes.items()}
    spans = spans_of(finish, tmp_path, claims)

    for writer in ("w1", "w2"):
        began, ended = spans.pop(writer)
        assert all(other_ended <= began or ended <= other_began for other_began, other_ended in spans.values())


HOSTILE = [
    "'\"\"\"'''\\",
    "a\nimport os\rb\n",
    "x\u2028y\x85\x0c",
    "\u202e\U000e0041\u200b",
    "\x1b[31mred",
    "{{ 7*7 }} {% if {# {{{ {% endraw %} ${{ github.token }}",
    "{x.__init__.__globals__} {0} {} %s %(a)s $HOME",
    "; id $(id) `id` * -rf",
    "\U0001f600 \u65e5\u672c Stra\u00dfe",
    "t" * 1500,
]


def test_variables_hold_the_exact_bytes_of_hostile_titles(finish: Finish, tmp_path: Path) -> None:
    script = "import os, sys; open(sys.argv[1], 'wb').write(os.environb[b'TASKGRAPH_TASK_TITLE'])"
    tasks = {
        str(number): {
            "title": title,
            "labels": (title,),
            "action": Command(argv=(sys.executable, "-S", "-c", script, str(tmp_path / str(number)))),
        }
        for number, title in enumerate(HOSTILE)
    }
    run = finish(graph_of(*tasks, tasks=tasks))

    assert run.state.is_completed()
    for number, title in enumerate(HOSTILE):
        assert (tmp_path / str(number)).read_bytes() == title[:1000].encode()


def test_a_title_that_no_variable_can_hold_fails_its_task_only(finish: Finish) -> None:
    run = finish(
        graph_of("a", "b", tasks={"a": {"title": "\ud800", "action": sh("true")}, "b": {"action": sh("true")}})
    )

    assert run.states == {"a": "failed", "b": "success"}
    assert run.of("a")[0].state.message.startswith("cannot start ")


def test_variables_leave_out_what_none_can_hold(finish: Finish) -> None:
    run = finish(graph_of("a", tasks={"a": {"title": "a\0b", "action": sh('test "$TASKGRAPH_TASK_TITLE" = ab')}}))

    assert run.states == {"a": "success"}


def test_commands_know_their_run_and_their_own_variables(finish: Finish, tmp_path: Path) -> None:
    action = Command(
        argv=("/bin/sh", "-c", "echo $TASKGRAPH_GRAPH_ID $TASKGRAPH_RUN_ID $TASKGRAPH_ATTEMPT $MORE > out; pwd >> out"),
        env={"MORE": "yes"},
        cwd=str(tmp_path),
    )
    run = finish(graph_of("a", tasks={"a": {"action": action}}, id="known"))

    run_id = run.state.state_details.flow_run_id
    assert (tmp_path / "out").read_text() == f"known {run_id} 1 yes\n{tmp_path}\n"


def test_every_kind_of_action_is_carried_out(finish: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "steps_in_prefect.py").write_text(
        "from prefect.context import TaskRunContext\n"
        "from pathlib import Path\n"
        "def write(path):\n"
        "    Path(path).write_text(TaskRunContext.get().task_run.name)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    graph = graph_of(
        "python",
        "there",
        "never",
        "nothing < python there",
        tasks={
            "python": {"action": Python(entry_point="steps_in_prefect:write", kwargs={"path": str(tmp_path / "out")})},
            "there": {"action": Wait(what="file", target=str(tmp_path / "out"), interval=0.05)},
            "never": {"action": Wait(what="file", target=str(tmp_path / "never"), interval=0.05), "timeout": 0.3},
            "nothing": {"action": Noop()},
        },
    )
    run = finish(graph)

    assert run.states == {"python": "success", "there": "success", "never": "failed", "nothing": "success"}
    assert (tmp_path / "out").read_text() == "python"


def test_a_function_that_raises_what_none_should_fails_its_task_only(
    finish: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rude_steps.py").write_text("def interrupt():\n    raise KeyboardInterrupt\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    rude = {"action": Python(entry_point="rude_steps:interrupt"), "retry": Retry(attempts=2), "estimate": 9}
    run = finish(graph_of("a", "b", tasks={"a": rude, "b": {"action": sh("true")}}, policy=Policy(max_parallel=1)))

    assert run.states == {"a": "failed", "b": "success"}
    assert [attempt.state_name for attempt in run.of("a")] == ["Failed", "Failed"]


def test_a_run_fails_though_a_clean_up_succeeded(finish: Finish) -> None:
    graph = graph_of("a", "b < a", tasks={"a": {"action": sh("exit 1")}, "b": {"trigger_rule": "all_done"}})
    run = finish(graph)

    assert run.states == {"a": "failed", "b": "success"}
    assert run.state.is_failed()
    assert run.state.message == "1 failed, 1 success"


def test_what_succeeded_is_undone_in_reverse(finish: Finish, tmp_path: Path) -> None:
    log = tmp_path / "log"
    undo = {"action": sh("true"), "rollback": writes(log)}
    graph = graph_of(
        "a",
        "b < a",
        "c < b",
        "d < c",
        "e",
        tasks={"a": undo, "b": undo, "c": undo, "d": {**undo, "action": sh("exit 1")}, "e": {"action": sh("true")}},
        policy=Policy(rollback=True),
    )
    run = finish(graph)

    assert log.read_text().split() == ["c", "b", "a"]
    assert list(run.undone.items()) == [("c", True), ("b", True), ("a", True)]
    assert run.state.message == "1 failed, 4 success, 3 of 3 undone"
    undone = {attempt.name: attempt for attempt in run.runs}
    assert undone["undo c"].id in {edge.id for edge in undone["undo b"].task_inputs["order"]}


def test_a_failure_stops_what_has_not_started(finish: Finish, tmp_path: Path) -> None:
    graph = graph_of(
        "a",
        "b",
        tasks={"a": {"action": sh("exit 1"), "estimate": 9}, "b": {"action": writes(tmp_path / "log")}},
        policy=Policy(max_parallel=1, on_failure="stop"),
    )
    run = finish(graph)

    assert run.states == {"a": "failed", "b": "cancelled"}
    assert not (tmp_path / "log").exists()


def test_the_run_s_timeout_ends_what_runs(finish: Finish, tmp_path: Path, gone: Callable[[int], None]) -> None:
    graph = graph_of(
        "a",
        "b < a",
        tasks={"a": {"action": sh(f"echo $$ > {tmp_path}/leader; sleep 600")}},
        policy=Policy(timeout=1.0),
    )
    run = finish(graph)

    gone(int((tmp_path / "leader").read_text()))
    assert run.states == {"a": "cancelled", "b": "cancelled"}
    assert run.state.is_failed()
    assert run.state.message == "the run's timeout has passed: 2 cancelled"


def test_only_some_tasks_run_and_keep_their_order(flow_of: Callable[[TaskGraph], Any], tmp_path: Path) -> None:
    action = {"action": writes(tmp_path / "log")}
    graph = graph_of("1", "2 < 1", "3 < 2", tasks={"1": {**action, "estimate": 0.0}, "2": action, "3": action})
    state = flow_of(graph)(return_state=True, only=["1", "3*"])

    assert (tmp_path / "log").read_text().split() == ["1", "3"]
    assert state.message == "2 success"


def test_a_pattern_that_fits_nothing_fails_the_run(flow_of: Callable[[TaskGraph], Any]) -> None:
    state = flow_of(graph_of("1"))(return_state=True, only=["9"])

    assert state.is_failed()
    assert "fits no task" in state.message


def test_a_dry_run_does_nothing(finish: Finish, tmp_path: Path) -> None:
    never = Wait(what="file", target=str(tmp_path / "never"))
    run = finish(
        graph_of("a", "b < a", tasks={"a": {"action": writes(tmp_path / "log")}, "b": {"action": never}}), dry_run=True
    )

    assert run.states == {"a": "success", "b": "success"}
    assert not (tmp_path / "log").exists()


def test_one_worker_finishes_a_graph_of_thirty(flow_of: Callable[[TaskGraph], Any]) -> None:
    lines = [f"{n} < {n // 2} {n // 3}" if n > 3 else str(n) for n in range(1, 31)]
    flow = flow_of(graph_of(*lines, policy=Policy(max_parallel=4)))
    state = flow.with_options(task_runner=ThreadPoolTaskRunner(max_workers=1))(return_state=True)

    assert state.is_completed()
    assert state.message == "30 success"
