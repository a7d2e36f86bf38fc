"""The same plan as a DAG file in three ways: generated, as a person writes it, and for dag-factory.

All three have the same tasks, edges, pools and options. Only the generated one tells each command about its task, by
environment variables, and ends with a task that fails the run if any failed; a person would rarely write those.
"""

from __future__ import annotations

import ast
import json
import shlex
from typing import TYPE_CHECKING, Any

from airflow_provider.generating.target import TARGET, AirflowOptions

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.ir import TaskGraph

WORK = "/tmp"  # noqa: S108 - where commands run; nothing is written there


def generated(graph: TaskGraph, folder: Path) -> Path:
    """What ``taskgraph generate airflow`` writes; its pools stand beside it."""
    for name, text in TARGET.generate(graph, AirflowOptions(project_dir=WORK)).files.items():
        (folder / name).write_text(text)
    return folder / f"{graph.id}.py"


def dynamic(graph: TaskGraph, folder: Path) -> Path:
    """The plan as it is compiled, and the three lines that make a DAG of it at each reading."""
    (folder / "graph.json").write_text(graph.model_dump_json())
    place = folder / f"{graph.id}.py"
    place.write_text(
        '"""A DAG of Airflow straight from its plan."""\n\n'
        "from airflow_provider import taskgraph_dag\n\n"
        f'dag = taskgraph_dag("graph.json", project_dir={json.dumps(WORK)})\n'
    )
    return place


def by_hand(graph: TaskGraph, folder: Path) -> Path:
    """An operator a task, what they share in ``default_args``, and a line of edges for each that waits."""
    name = f"{graph.id}_by_hand"
    rows = _rows(graph)
    lines = [
        "from datetime import timedelta",
        "",
        "import pendulum",
        "from airflow.providers.standard.operators.bash import BashOperator",
        "from airflow.sdk import DAG, WeightRule",
        "",
        "with DAG(",
        f"    {json.dumps(name)},",
        "    schedule=None,",
        "    start_date=pendulum.datetime(2025, 1, 1),",
        "    catchup=False,",
        "    max_active_runs=1,",
        f"    max_active_tasks={graph.policy.max_parallel},",
        "    default_args={",
        '        "retries": 1,',
        '        "retry_delay": timedelta(seconds=5),',
        '        "execution_timeout": timedelta(minutes=10),',
        '        "weight_rule": WeightRule.ABSOLUTE,',
        '        "append_env": True,',
        '        "do_xcom_push": False,',
        f'        "cwd": {json.dumps(WORK)},',
        "    },",
        "):",
    ]
    for task_id, row in rows.items():
        lines.append(f"    {task_id} = BashOperator(")
        lines += [f"        {name}={json.dumps(value)}," for name, value in _options(task_id, row).items()]
        lines.append("    )")
    for task_id, row in rows.items():
        if row["after"]:
            lines.append(f"    [{', '.join(row['after'])}] >> {task_id}")
    place = folder / f"{name}.py"
    place.write_text("\n".join(lines) + "\n")
    return place


def for_dag_factory(graph: TaskGraph, folder: Path) -> Path:
    """A YAML file, and the three lines that load it."""
    name = f"{graph.id}_dag_factory"
    operator = "airflow.providers.standard.operators.bash.BashOperator"
    lines = [
        f"{name}:",
        "  schedule: null",
        "  catchup: false",
        "  max_active_runs: 1",
        f"  max_active_tasks: {graph.policy.max_parallel}",
        "  default_args:",
        "    start_date: 2025-01-01",
        "    retries: 1",
        "    retry_delay: {__type__: datetime.timedelta, seconds: 5}",
        "    execution_timeout: {__type__: datetime.timedelta, minutes: 10}",
        "    weight_rule: absolute",
        "    append_env: true",
        "    do_xcom_push: false",
        f"    cwd: {WORK}",
        "  tasks:",
    ]
    for task_id, row in _rows(graph).items():
        options = _options(task_id, row)
        lines += [f"    - task_id: {options.pop('task_id')}", f"      operator: {operator}"]
        lines += [f"      {name}: {json.dumps(value)}" for name, value in options.items()]
        if row["after"]:
            lines.append(f"      dependencies: [{', '.join(row['after'])}]")
    plan = folder / f"{name}.yaml"
    plan.write_text("\n".join(lines) + "\n")
    place = folder / f"{name}.py"
    place.write_text(
        "from airflow.sdk import DAG\n"
        "from dagfactory import load_yaml_dags\n\n"
        f"load_yaml_dags(globals_dict=globals(), config_filepath={json.dumps(str(plan))})\n"
    )
    return place


def _rows(graph: TaskGraph) -> dict[str, dict[str, Any]]:
    """Ids, weights and slots as they are generated: how they are written is what differs."""
    source = TARGET.generate(graph, AirflowOptions()).files[f"{graph.id}.py"]
    (table,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TASKS"
    )
    names = {row["id"]: task_id for task_id, row in table.items() if "id" in row}
    wanted = ("title", "priority_weight", "pool", "pool_slots")
    rows = {}
    for task in graph.tasks:
        row = table[names[task.id]]
        rows[names[task.id]] = {
            "bash_command": shlex.join(task.action.argv),
            **{name: row[name] for name in wanted if name in row},
            "after": [names[other] for other in task.depends_on],
        }
    return rows


def _options(task_id: str, row: dict[str, Any]) -> dict[str, Any]:
    options = {"task_id": task_id, **row}
    del options["after"]
    if "title" in options:
        options["task_display_name"] = options.pop("title")
    return options
