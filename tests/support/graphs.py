"""Small graphs, written as lines; random graphs, for laws."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from taskgraph_core.ir import Claim, Command, Policy, Resource, Retry, Task, TaskGraph
from taskgraph_core.scheduler import RULES


def graph_of(*lines: str, tasks: dict[str, dict[str, Any]] | None = None, **fields: Any) -> TaskGraph:
    """A graph from lines such as ``"c < a b"`` (c waits for a and b); ``tasks`` adds fields by id."""
    made = []
    for line in lines:
        task_id, _, upstream = line.partition("<")
        extra = (tasks or {}).get(task_id.strip(), {})
        made.append(Task(**{"id": task_id.strip(), "depends_on": tuple(upstream.split()), "estimate": 1.0, **extra}))
    return TaskGraph(**{"id": "example", "tasks": tuple(made), **fields})


@st.composite
def graphs(draw: st.DrawFn, *, max_tasks: int = 12, rules: bool = True, claims: bool = True) -> TaskGraph:
    """Any acyclic graph: random edges, trigger rules, claims, retries, estimates and policy."""
    size = draw(st.integers(1, max_tasks))
    capacities = {"db": draw(st.integers(1, 3)), "gpu": 1}
    tasks = []
    for number in range(size):
        upstream = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        wanted = []
        if claims:
            for name, capacity in capacities.items():
                if draw(st.booleans()):
                    wanted.append(Claim(resource=name, slots=draw(st.integers(1, capacity))))
            mode = draw(st.sampled_from([None, "read", "write"]))
            if mode:
                wanted.append(Claim(resource="file:out", mode=mode))
        tasks.append(
            Task(
                id=str(number + 1),
                title=f"Task {number + 1}",
                depends_on=tuple(str(other + 1) for other in sorted(upstream)),
                trigger_rule=draw(st.sampled_from(sorted(RULES))) if rules else "all_success",
                claims=tuple(wanted),
                retry=Retry(attempts=draw(st.integers(1, 3)), delay=draw(st.sampled_from([0.0, 1.0]))),
                estimate=draw(st.integers(0, 5)),
                priority=draw(st.sampled_from(["low", "medium", "high"])),
                rollback=Command(argv=("undo",)) if draw(st.booleans()) else None,
            )
        )
    policy = Policy(
        max_parallel=draw(st.sampled_from([None, 1, 2, 4])),
        on_failure=draw(st.sampled_from(["continue", "stop"])),
        rollback=draw(st.booleans()),
    )
    resources = tuple(Resource(name=name, capacity=capacity) for name, capacity in capacities.items())
    return TaskGraph(id="random", tasks=tuple(tasks), resources=resources, policy=policy)
