"""The plans: no-ops of any number, tasks that take turns in resources, and two on which submitting everything starves.

Where time counts each task writes down by itself when it began and ended, into a folder that it finds in its
environment: so nobody has to be believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from on_airflow import graphs as shared
from rivals.shapes import layers

from taskgraph_core.ir import Command, Noop, Policy, Task, TaskGraph

if TYPE_CHECKING:
    from taskgraph_core.ir import Action

WORKERS = 10

TIMES = "BENCHMARK_TIMES"
"""Where tasks write their times: a file each, with the task's id and two numbers of seconds."""

_NAP = f'begun=$EPOCHREALTIME; sleep "$1"; echo "$2 $begun $EPOCHREALTIME" > "${TIMES}/$2.$$"'

ACTIONS: dict[str, Action] = {"nothing": Noop(), "true": Command(argv=("true",))}


def layered(size: int, action: str, workers: int = WORKERS) -> TaskGraph:
    """Tasks in layers of ten, each waiting for two of the layer above."""
    graph = layers(size // 10, 10).graph(ACTIONS[action])
    return graph.model_copy(update={"id": f"layered_{action}_{size}", "policy": Policy(max_parallel=workers)})


def naps(*, shared_with_others: bool = True) -> TaskGraph:
    """Forty tasks of a second that take turns in four slots; ten seconds at best."""
    graph = _on_the_record(shared.naps())
    resources = tuple(one.model_copy(update={"shared": shared_with_others}) for one in graph.resources)
    name = graph.id if shared_with_others else f"{graph.id}_alone"
    return graph.model_copy(update={"id": name, "resources": resources})


def readers_and_writers() -> TaskGraph:
    """A table that every fifth of fifteen tasks of a second writes, alone, and the others read, together."""
    return _on_the_record(shared.readers_and_writers())


def several() -> TaskGraph:
    """Three resources that sixteen tasks of a second claim alone and two at a time."""
    return _on_the_record(shared.folded())


def chain_and_others() -> TaskGraph:
    """Ten tasks one after the other, then ten that wait for nothing: five seconds at best with two workers."""
    chain = [_nap(f"chain{number}", 0.5, *([f"chain{number - 1}"] if number else [])) for number in range(10)]
    return _plan("chain_and_others", [*chain, *(_nap(f"other{number}", 0.5) for number in range(10))], workers=2)


def root_and_others() -> TaskGraph:
    """A task of two seconds, eight that wait for it, and eight that do not: 2.5 seconds at best with four workers."""
    after = [_nap(f"after{number}", 0.25, "root") for number in range(8)]
    others = [_nap(f"other{number}", 0.25) for number in range(8)]
    return _plan("root_and_others", [_nap("root", 2.0), *after, *others], workers=4)


def _plan(name: str, tasks: list[Task], *, workers: int) -> TaskGraph:
    return TaskGraph(id=name, tasks=tuple(tasks), policy=Policy(max_parallel=workers))


def _nap(task_id: str, seconds: float, *depends_on: str) -> Task:
    return Task(id=task_id, depends_on=depends_on, action=_napping(task_id, seconds))


def _napping(task_id: str, seconds: float) -> Command:
    return Command(argv=("bash", "-c", _NAP, "nap", str(seconds), task_id))


def _on_the_record(graph: TaskGraph) -> TaskGraph:
    tasks = tuple(task.model_copy(update={"action": _napping(task.id, 1)}) for task in graph.tasks)
    return graph.model_copy(update={"tasks": tasks, "policy": Policy(max_parallel=WORKERS)})
