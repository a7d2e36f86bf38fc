"""Tasks that the provider's operator carries out, in real runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from airflow_provider.running import operator
from airflow_provider.running.operator import TaskgraphOperator
from airflow_provider.running.shared import shared_folder
from support.graphs import graph_of
from taskgraph_core.environment import task_environment
from taskgraph_core.ir import Breaker, Claim, Command, Policy, Python, Rate, Resource, Retry, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import DAG


def line(text: str, **fields: Any) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text, **fields})


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_commands_end_as_in_the_local_engine(run: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 1",
        "4",
        "5 < 4",
        "6",
        id="as-here",
        tasks={
            "1": {"action": line("echo $TASKGRAPH_TASK_ID >> order")},
            "2": {"action": Command(argv=("sh", "-c", 'echo "$0" >> order', "two words"))},
            "3": {"action": line("exit 99")},
            "4": {"action": line("exit 3")},
            "5": {"action": line("touch never")},
            "6": {
                "action": line('echo "$TASKGRAPH_ATTEMPT" >> tries; test "$TASKGRAPH_ATTEMPT" = 2'),
                "retry": Retry(attempts=3, delay=0.1),
            },
        },
    )

    ended = run(graph, project_dir=str(tmp_path), with_provider=True)

    assert ended.state == "failed"
    assert {name: ended.tasks[name] for name in "123456"} == {
        "1": "success",
        "2": "success",
        "3": "skipped",
        "4": "failed",
        "5": "upstream_failed",
        "6": "success",
    }
    assert (tmp_path / "order").read_text().splitlines() == ["1", "two words"]
    assert (tmp_path / "tries").read_text().split() == ["1", "2"]


def test_a_timeout_ends_the_whole_process_tree(run: Callable[..., Any], tmp_path: Path) -> None:
    text = "setsid sh -c 'echo $$ > pid; exec sleep 600' & sleep 600"
    graph = graph_of("1", id="tree", tasks={"1": {"action": line(text), "timeout": 2}})

    ended = run(graph, project_dir=str(tmp_path), with_provider=True)

    assert ended.tasks["1"] == "failed"
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_succeeded_is_undone_by_the_same_operator(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "undoing_functions.py").write_text(
        "import os\ndef undo(place):\n    open(place, 'w').write(os.environ['TASKGRAPH_UNDO'])\n"
    )
    undo = Python(entry_point="undoing_functions:undo", kwargs={"place": str(tmp_path / "function")}, process=True)
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 2",
        id="undone",
        policy=Policy(rollback=True),
        tasks={
            "1": {"action": line("true"), "rollback": line('echo "$TASKGRAPH_UNDO $TASKGRAPH_TASK_ID" > command')},
            "2": {"action": line("true"), "rollback": undo},
            "3": {"action": line("false"), "rollback": line("touch never")},
        },
    )

    ended = run(graph, project_dir=str(tmp_path), with_provider=True)

    assert ended.state == "failed"
    assert (tmp_path / "command").read_text() == "1 1\n"
    assert (tmp_path / "function").read_text() == "1"
    assert not (tmp_path / "never").exists()


HOSTILE = "{{ 7*7 }} {% raw %} {# x #} $HOME `id` $(id) \"'\\ \n\r\u2028\u202e \U0001f680 {{ conn.get('x') }} x.sh"

TELL = """
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith("TASKGRAPH_") or name == "OWN"}
json.dump([sys.argv[1:], told], open("told.json", "w"))
"""


def test_text_of_the_plan_arrives_byte_for_byte(run: Callable[..., Any], tmp_path: Path) -> None:
    folder = "we{{ird }} \u00e9.sh"
    (tmp_path / folder).mkdir()
    task = Task(
        id=HOSTILE,
        title=HOSTILE,
        description=HOSTILE,
        group=HOSTILE[::-1],
        priority="critical",
        action=Command(argv=(sys.executable, "-c", TELL, HOSTILE), env={"OWN": HOSTILE}, cwd=folder),
        claims=(Claim(resource=HOSTILE),),
    )
    resources = (Resource(name=HOSTILE, rate=Rate(amount=1, seconds=0.01)),)
    graph = TaskGraph(id="hostile-too", title=HOSTILE, tasks=(task,), resources=resources)

    ended = run(graph, project_dir=str(tmp_path), with_provider=True)

    assert ended.tasks == {HOSTILE: "success"}
    arguments, told = json.loads((tmp_path / folder / "told.json").read_text())
    assert arguments == [HOSTILE]
    assert told.pop("TASKGRAPH_RUN_ID").startswith("manual__")
    assert len(told.pop("TASKGRAPH_IDEMPOTENCY_KEY")) == 32
    assert told.pop("TASKGRAPH_TASK_JSON")
    assert told == {**task_environment(graph, task), "TASKGRAPH_ATTEMPT": "1", "OWN": HOSTILE}


def test_while_a_circuit_is_open_nothing_starts(run: Callable[..., Any], tmp_path: Path) -> None:
    note = f"{sys.executable} -c 'import time; print(time.time())' >> starts"
    service = {"claims": (Claim(resource="broken"),)}
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 2",
        id="circuit",
        resources=(Resource(name="broken", breaker=Breaker(failures=2, open=2)),),
        tasks={
            "1": {"action": line(f"{note}; exit 1"), "retry": Retry(attempts=2), **service},
            "2": {"action": line(note), "trigger_rule": "all_failed", **service},
            "3": {"action": line(note), **service},
        },
    )

    ended = run(graph, project_dir=str(tmp_path), with_provider=True)

    assert ended.tasks["2"] == ended.tasks["3"] == "success"
    _, second, third, _ = map(float, (tmp_path / "starts").read_text().split())
    assert third - second >= 1.9  # from the end of the one attempt to the start of the other it is 2 seconds


def test_a_rate_holds_from_run_to_run(run: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_of(
        "1",
        id="rated",
        resources=(Resource(name="rated", rate=Rate(amount=1, seconds=2)),),
        tasks={"1": {"action": line("true"), "claims": (Claim(resource="rated"),)}},
    )

    for _ in range(2):
        assert run(graph, project_dir=str(tmp_path), with_provider=True).state == "success"

    memory = json.loads((shared_folder() / "rated.json").read_text())
    assert memory["tickets"] == 2
    assert len(memory["starts"]) == 1


def test_a_long_wait_gives_the_worker_back_and_counts_once(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator, "SHORT", 0.5)
    deferred = []
    defer = TaskgraphOperator.defer
    monkeypatch.setattr(
        TaskgraphOperator, "defer", lambda self, **told: (deferred.append(self.task_id), defer(self, **told))
    )
    claims = {"claims": (Claim(resource="slow"),)}
    graph = graph_of(
        "1",
        "2 < 1",
        id="deferred",
        resources=(Resource(name="slow", rate=Rate(amount=1, seconds=3)),),
        tasks={"1": {"action": line("true"), **claims}, "2": {"action": line("true"), **claims}},
    )

    ended = run(graph, project_dir=str(tmp_path), with_provider=True)

    assert ended.state == "success"
    assert deferred[0] == "t2"
    assert ended.tries == {"1": 1, "2": 1}
    assert json.loads((shared_folder() / "slow.json").read_text())["tickets"] == 2


def test_it_is_deferred_until_it_may_start() -> None:
    limits = {"later": {"rate": {"amount": 1, "seconds": 100}}}
    task = TaskgraphOperator(task_id="x", action={"command": "true"}, limits=limits)
    assert task._enter(operator_limits(limits), operator.Event()).tickets

    with pytest.raises(TaskDeferred) as deferred:
        task._enter(operator_limits(limits), operator.Event())

    assert deferred.value.method_name == "go_on"
    assert timedelta(seconds=90) < deferred.value.trigger.moment - deferred.value.trigger.moment.now("UTC")


def operator_limits(limits: Any) -> Any:
    from airflow_provider.running.shared import shared_limits  # noqa: PLC0415 - by then Airflow is configured

    return shared_limits(limits)


BY_HAND = """
from airflow.sdk import DAG, task
from airflow_provider.running.operator import TaskgraphOperator

def note(context):
    open({place!r}, "w").write(str(context["exception"]))

with DAG("by_hand") as dag:
    failing = TaskgraphOperator(
        task_id="failing",
        action={{"command": "seq 30; exit 7"}},
        on_failure_callback=note,
    )
    calling = TaskgraphOperator(
        task_id="calling",
        action={{"call": "by_hand_functions:double", "arguments": {{"x": 21}}}},
        project={project!r},
    )

    @task.taskgraph(limits={{"hand": {{"rate": {{"amount": 1, "seconds": 0.1}}}}}})
    def doubled(x, ti=None):
        return {{"twice": 2 * x, "task": ti.task_id}}

    @task
    def keep(doubled, called):
        import json
        json.dump([doubled, called], open({kept!r}, "w"))

    keep(doubled(calling.output), calling.output)
"""


def test_dags_written_by_hand_use_it_too(dags_folder: Path, load: Callable[[Path], DAG], tmp_path: Path) -> None:
    (tmp_path / "by_hand_functions.py").write_text("def double(x):\n    return 2 * x\n")
    error, kept = tmp_path / "error", tmp_path / "kept"
    place = dags_folder / "by_hand.py"
    place.write_text(BY_HAND.format(place=str(error), kept=str(kept), project=str(tmp_path)))
    try:
        ended = load(place).test()
    finally:
        place.unlink()

    states = {instance.task_id: str(instance.state) for instance in ended.get_task_instances()}
    assert states == {"failing": "failed", "calling": "success", "doubled": "success", "keep": "success"}
    assert error.read_text().splitlines() == [
        "exit code 7; the last it printed:",
        *(str(number) for number in range(21, 31)),
    ]
    assert json.loads(kept.read_text()) == [{"twice": 84, "task": "doubled"}, 42]


def test_the_shared_folder_can_be_set_and_is_else_below_airflows_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared_folder() == Path(os.environ["AIRFLOW_HOME"]) / "taskgraph"

    monkeypatch.setenv("AIRFLOW__TASKGRAPH__SHARED_FOLDER", "~/limits")

    assert shared_folder() == Path.home() / "limits"


def test_reading_a_dag_file_loads_nothing_of_the_core() -> None:
    code = (
        "import sys, airflow.sdk\nfrom airflow.sdk import BaseOperator\n"
        "import airflow_provider.running.operator\n"
        "print([name for name in sys.modules if name.startswith('taskgraph_core.')])"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert ended.stdout.splitlines()[-1] == "[]"


def test_airflow_lists_the_provider_its_operator_and_its_options() -> None:
    airflow = Path(sys.executable).with_name("airflow")

    def said(*arguments: str) -> str:
        return subprocess.run([airflow, *arguments], capture_output=True, text=True, check=True, timeout=100).stdout

    assert "taskgraph" in {one["package_name"] for one in json.loads(said("providers", "list", "-o", "json"))}
    assert "airflow_provider.running.operator" in said("providers", "get", "taskgraph", "--full", "-o", "json")
    assert "shared_folder" in said("config", "list", "--section", "taskgraph", "--include-descriptions")
