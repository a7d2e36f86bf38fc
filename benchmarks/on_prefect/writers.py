"""The same plan as a flow file in two ways: generated, and as a person writes it.

By hand everything is submitted at once, in the order of the plan, and waits for what it depends on with ``wait_for``.
Both name their task runs. Only the generated flow tells each command about its task, keeps a journal, and can stop.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prefect_integration.generating.target import PrefectOptions, generate
from prefect_integration.names import resource_tags
from taskgraph_core.ir import Command

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.ir import TaskGraph


def generated(graph: TaskGraph, folder: Path) -> Path:
    """What ``taskgraph generate prefect`` writes; its limits stand beside it."""
    for name, text in generate(graph, PrefectOptions()).files.items():
        (folder / name).write_text(text)
    return folder / f"{graph.id}.py"


def by_hand(graph: TaskGraph, folder: Path) -> Path:
    """A task function, and a line for each time it is submitted; tagged with the resources of the plan's first task."""
    tags = sorted(resource_tags(graph.tasks[0]))
    command = isinstance(graph.tasks[0].action, Command)
    numbers = {task.id: number for number, task in enumerate(graph.tasks)}
    lines = [
        "import subprocess",
        "",
        "from prefect import flow, task",
        "from prefect.futures import wait",
        "from prefect.task_runners import ThreadPoolTaskRunner",
        "",
        "",
        f'@task(task_run_name="{{name}}"{f", tags={json.dumps(tags)}" if tags else ""})',
        f"def attempt(name{', argv' if command else ''}):",
        "    subprocess.run(argv, check=True)" if command else "    pass",
        "",
        "",
        "@flow(",
        f"    name={json.dumps(f'{graph.id}_by_hand')},",
        f"    task_runner=ThreadPoolTaskRunner(max_workers={graph.policy.max_parallel}),",
        ")",
        "def run():",
    ]
    for task in graph.tasks:
        words = [json.dumps(task.id)]
        words += [json.dumps(task.action.argv)] if isinstance(task.action, Command) else []
        words += [f"wait_for=[{', '.join(f't{numbers[other]}' for other in task.depends_on)}]"] * bool(task.depends_on)
        lines.append(f"    t{numbers[task.id]} = attempt.submit({', '.join(words)})")
    lines += [f"    futures = [{', '.join(f't{number}' for number in numbers.values())}]", "    wait(futures)"]
    place = folder / f"{graph.id}_by_hand.py"
    place.write_text("\n".join([*lines, "    return futures"]) + "\n")
    return place


WRITERS = {"generated": generated, "by hand": by_hand}
