"""Random graphs on the real Prefect, beside the scheduler driven by hand: what must come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.graphs import graphs
from taskgraph_core.ir import Command, Policy, Resource, Retry
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from taskgraph_core.ir import TaskGraph
    from taskgraph_core.scheduler import Outcome, Scheduler

    Outcomes = dict[tuple[str, int], Outcome]
    Finish = Callable[..., Any]

CODES: dict[int, Outcome] = {0: "success", 1: "failed", 99: "skipped"}

TRIED = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


def by_hand(graph: TaskGraph, outcomes: Outcomes) -> tuple[Scheduler, list[str]]:
    """The run as it has to be, and every attempt in the order in which they start where only one runs at a time."""
    scheduler = scheduler_for(graph)
    running: list[tuple[str, int]] = []
    began: list[str] = []
    while not (step := scheduler.poll(0.0)).done:
        began += [f"do {task_id} {attempt}" for task_id, attempt in step.start]
        began += [f"undo {task_id} {attempt}" for task_id, attempt in step.undo]
        running += step.start + step.undo
        task_id, attempt = running.pop(0)
        scheduler.finished(task_id, "success" if task_id in scheduler.states else outcomes[task_id, attempt], 0.0)
    return scheduler, began


@st.composite
def cases(draw: st.DrawFn, policies: st.SearchStrategy[Policy], max_tasks: int) -> tuple[TaskGraph, Outcomes]:
    """A graph of commands that end as they are told, and how that is; ``$LOG`` is where they write what they do."""
    graph = draw(graphs(max_tasks=max_tasks))
    outcomes: Outcomes = {}
    tasks = []
    for task in graph.tasks:
        codes = [draw(st.sampled_from(sorted(CODES))) for _ in range(3)]
        outcomes |= {(task.id, attempt): CODES[code] for attempt, code in enumerate(codes, 1)}
        note = "echo {} $TASKGRAPH_TASK_ID $TASKGRAPH_ATTEMPT >> $LOG"
        ends = f"set -- {' '.join(map(str, codes))}; shift $((TASKGRAPH_ATTEMPT - 1)); exit $1"
        fields = {
            "action": Command(shell=f"{note.format('do')}; {ends}"),
            "retry": Retry(attempts=task.retry.attempts),
            "rollback": Command(shell=note.format("undo")) if task.rollback else None,
        }
        tasks.append(task.model_copy(update=fields))
    # Not shared: what the server's own limits do is tested elsewhere, and costs time.
    resources = [resource.model_copy(update={"shared": False}) for resource in graph.resources]
    resources.append(Resource(name="file:out", shared=False))
    update = {"tasks": tuple(tasks), "policy": draw(policies), "resources": tuple(resources)}
    return graph.model_copy(update=update), outcomes


PATIENT = st.builds(Policy, max_parallel=st.sampled_from([None, 1, 2, 4]), rollback=st.booleans())
"""Final states do not depend on who ends first."""

ABRUPT = st.one_of(
    st.builds(Policy, max_parallel=st.just(1), on_failure=st.just("stop"), rollback=st.booleans()),
    st.builds(Policy, max_parallel=st.just(1), failure_threshold=st.integers(1, 3), rollback=st.booleans()),
    st.builds(Policy, max_parallel=st.just(1), failure_rate=st.sampled_from([0.1, 0.3]), rollback=st.booleans()),
)
"""With one task at a time, it is certain who does."""


def compare(finish: Finish, graph: TaskGraph, outcomes: Outcomes, log: Path) -> tuple[list[str], list[str]]:
    """Run it, and see that its end is as it must be; every attempt as it must be, and as the tasks noted it."""
    log.write_text("")
    placed = [
        task.model_copy(
            update={
                name: getattr(task, name).model_copy(update={"env": {"LOG": str(log)}})
                for name in ("action", "rollback")
                if getattr(task, name) is not None
            }
        )
        for task in graph.tasks
    ]
    expected, began = by_hand(graph, outcomes)
    run = finish(graph.model_copy(update={"tasks": tuple(placed)}))

    assert run.states == expected.states
    assert run.undone == expected.undone
    assert run.state.is_failed() == (expected.run_state == "failed")
    states = list(expected.states.values())
    counts = [f"{states.count(state)} {state}" for state in sorted(set(states))]
    undone = [f"{len(expected.undone)} of {len(expected.undone)} undone"] if expected.undone else []
    assert run.state.message == ", ".join(counts + undone)
    return began, log.read_text().splitlines()


@settings(max_examples=18, **TRIED)  # type: ignore[arg-type]
@given(cases(PATIENT, max_tasks=10))
def test_what_ran_and_how_it_ended_is_the_oracle_s(
    finish: Finish, tmp_path: Path, case: tuple[TaskGraph, Outcomes]
) -> None:
    graph, outcomes = case
    expected, noted = compare(finish, graph, outcomes, tmp_path / "log")
    at = {line: number for number, line in enumerate(noted)}

    assert sorted(noted) == sorted(expected)
    for task in graph.tasks:
        for other in task.depends_on:
            mine, before = f"do {task.id} 1", [line for line in noted if line.startswith(f"do {other} ")]
            if mine in at and task.trigger_rule in ("all_success", "all_done", "none_failed", "none_skipped"):
                assert all(at[line] < at[mine] for line in before)
            if f"undo {task.id} 1" in at and f"undo {other} 1" in at:
                assert at[f"undo {task.id} 1"] < at[f"undo {other} 1"]


@settings(max_examples=14, **TRIED)  # type: ignore[arg-type]
@given(cases(ABRUPT, max_tasks=14))
def test_a_run_that_stops_after_failures_does_exactly_what_the_oracle_does(
    finish: Finish, tmp_path: Path, case: tuple[TaskGraph, Outcomes]
) -> None:
    expected, noted = compare(finish, *case, tmp_path / "log")

    assert noted == expected
