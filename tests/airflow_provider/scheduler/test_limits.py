"""Rates, circuit breakers and the end of process trees with --with-provider, where tasks run side by side."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.graphs import graph_of
from taskgraph_core.ir import Breaker, Claim, Command, Rate, Resource, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider.local import LocalAirflow

NOTE = f"{sys.executable} -c 'import time; print(time.time(), flush=True)' >> {{0}}"
"""A shell line that notes when it ran."""

JITTER = 2.0
"""Seconds by which two programs may come closer together than their attempts began, on a busy machine."""

PATIENCE = 60.0


def claiming(name: str, lines: dict[str, str], resource: Resource, **fields: Any) -> TaskGraph:
    """Independent tasks that all claim one resource."""
    return graph_of(
        *lines,
        id=name,
        resources=(resource,),
        tasks={
            task_id: {
                "action": Command.model_validate({"shell": line}),
                "claims": (Claim(resource=resource.name),),
                **fields,
            }
            for task_id, line in lines.items()
        },
    )


def noted(place: Path) -> list[float]:
    return sorted(map(float, place.read_text().split()))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool]) -> None:
    last = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.1)


def test_a_rate_holds_over_tasks_side_by_side(
    airflow: LocalAirflow, deploy: Callable[..., str], tmp_path: Path
) -> None:
    place = tmp_path / "starts"
    lines = {str(number): NOTE.format(place) for number in range(1, 11)}
    graph = claiming("limits_rate", lines, Resource(name="limits_rate", rate=Rate(amount=3, seconds=12)))

    run_id, state = airflow.run(deploy(graph, with_provider=True))

    assert state == "success"
    starts = noted(place)
    assert len(starts) == 10
    assert all(later >= first + 12 - JITTER for first, later in zip(starts, starts[3:], strict=False))
    assert {task["try_number"] for task in airflow.tasks(graph.id, run_id)} == {1}
    assert any("Pausing task as DEFERRED" in airflow.log(graph.id, run_id, f"t{number}") for number in range(1, 11))


def test_an_open_circuit_lets_one_probe_in(airflow: LocalAirflow, deploy: Callable[..., str], tmp_path: Path) -> None:
    place = tmp_path / "starts"
    # The service answers with errors, and is mended when somebody asked it twice.
    line = f"{NOTE.format(place)}; sleep 1; test $(wc -l < {place}) -gt 2"
    resource = Resource(name="limits_circuit", breaker=Breaker(failures=2, open=20))
    graph = graph_of(
        "1",
        "2 < 1",
        *(f"{number} < 2" for number in range(3, 7)),
        id="limits_circuit",
        resources=(resource,),
        tasks={
            str(number): {
                "action": Command.model_validate({"shell": line}),
                "claims": (Claim(resource=resource.name),),
                "trigger_rule": "all_done",
            }
            for number in range(1, 7)
        },
    )

    run_id, state = airflow.run(deploy(graph, with_provider=True))

    states = {task["task_id"]: task["state"] for task in airflow.tasks(graph.id, run_id)}
    assert state == "failed"
    assert [states[f"t{number}"] for number in range(1, 7)] == ["failed"] * 2 + ["success"] * 4
    starts = noted(place)
    assert starts[2] - starts[1] >= 20
    assert starts[3] - starts[2] >= 1  # the others wait for the end of the one that probes
    assert "circuit" in airflow.log(graph.id, run_id, "t2")


def test_ending_a_task_by_hand_ends_what_it_started(
    airflow: LocalAirflow, deploy: Callable[..., str], tmp_path: Path
) -> None:
    place = tmp_path / "pid"
    stubborn = f"trap '' TERM; setsid sh -c \"trap '' TERM; echo \\$\\$ > {place}; while :; do sleep 1; done\""
    graph = graph_of("1", id="limits_ended", tasks={"1": {"action": Command.model_validate({"shell": stubborn})}})
    dag_id = deploy(graph, with_provider=True)
    run_id = airflow.trigger(dag_id)
    until(lambda: place.exists() and bool(place.read_text().strip()))
    pid = int(place.read_text())
    assert alive(pid)

    airflow.api.patch("dags", dag_id, "dagRuns", run_id, body={"state": "failed"})

    until(lambda: not alive(pid))
