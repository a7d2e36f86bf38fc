"""Read DAG files as Airflow does, and say what that cost.

Usage: python reader.py   (a line of JSON in for each reading, a line of JSON out)

Airflow reads a DAG file in a process that it forks from one in which Airflow itself is imported and whose garbage is
frozen: the DAG processor's for the whole DAG, a task's for that task alone. So does this, and the processor time of
the child from before the reading until after it is what the reading cost. What a file imports besides Airflow's core
is imported beforehand: it is the same for every size, and the DAG processor imports it beforehand as well.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import re
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.pop(0)  # this folder: nothing is to be imported from it
    ANSWERS = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Airflow logs to the standard output

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.sdk import WeightRule
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
from airflow.serialization.serialized_objects import DagSerialization
from airflow.utils.dag_version_inflation_checker import check_dag_file_stability

if TYPE_CHECKING:
    from airflow.sdk import DAG, BaseOperator

BEFOREHAND = (
    "airflow.providers.standard.operators.bash",
    "airflow.providers.standard.operators.empty",
    "airflow.sdk.execution_time.task_runner",
    "airflow_provider.dynamic",
    "dagfactory",
)

FIRST = """\
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("first", schedule=None):
    BashOperator(task_id="first", bash_command="true")
"""


def read(place: Path, task_id: str | None, *, check: bool, cached: bool) -> dict[str, Any]:
    """One reading in this process, as the task runner does it for a task, or else as the DAG processor.

    Args:
        place: the DAG file.
        task_id: the task for which it is read; None for the whole DAG.
        check: also do what the DAG processor does around reading: look for what never stays the same, and serialize.
        cached: whether Python may keep its bytecode.
    """
    sys.dont_write_bytecode = not cached
    started = time.process_time()
    with ExitStack() as stack:
        if check:
            check_dag_file_stability(str(place))
        if task_id is not None:
            stack.enter_context(_airflow_parsing_context_manager(dag_id=place.stem, task_id=task_id))
        bag = BundleDagBag(
            dag_folder=str(place),
            bundle_path=place.parent,
            bundle_name="dags-folder",
            load_op_links=False,
            **({} if task_id is None else {"safe_mode": False}),
        )
        if check:
            DagSerialization.to_dict(bag.dags[place.stem])
    seconds = time.process_time() - started
    if bag.import_errors:
        return {"error": next(iter(bag.import_errors.values()))}
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return {
        "seconds": seconds,
        "megabytes": int(peak[1]) / 1024 if peak else 0.0,
        "meaning": meaning(bag.dags, task_id),
    }


def meaning(dags: dict[str, DAG], task_id: str | None) -> list[str]:
    """What each task of the DAG is, in words that are the same for DAGs that mean the same."""
    (dag,) = dags.values()
    return [] if task_id else sorted(_words(task) for task in dag.tasks if hasattr(task, "bash_command"))


def _words(task: BaseOperator) -> str:
    command = getattr(task.bash_command, "value", task.bash_command)  # as literal() keeps it
    command = command.strip().removeprefix("exec -- ")  # which the generated line says for the shell's sake
    options = (task.pool, task.pool_slots, task.priority_weight, WeightRule(task.weight_rule), task.trigger_rule.value)
    tries = (task.retries, task.retry_delay, task.execution_timeout)
    runs = (command, task.cwd, task.append_env, task.do_xcom_push)
    return f"{task.task_id} {task.task_display_name!r} {runs} {sorted(task.upstream_task_ids)} {options} {tries}"


def in_child(first: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """The same in a process forked for it, which has read another file before: so has it got memory of its own."""
    answer, question = os.pipe()
    child = os.fork()
    if not child:
        os.close(answer)
        with os.fdopen(question, "w") as stream:
            try:
                read(first, None, check=asked["check"], cached=asked["cached"])
                found = read(**asked)
            except Exception as error:  # noqa: BLE001 - the parent tells
                found = {"error": repr(error)}
            stream.write(json.dumps(found))
        os._exit(0)
    os.close(question)
    with os.fdopen(answer) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text)


def _imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def main() -> None:
    """Answer until there are no more questions."""
    logging.disable(logging.INFO)
    absent = [name for name in BEFOREHAND if not _imported(name)]
    with TemporaryDirectory() as name:
        first = Path(name) / "first.py"
        first.write_text(FIRST)
        read(first, "first", check=True, cached=False)
        gc.collect()
        gc.freeze()
        floor = in_child(first, {"place": first, "task_id": None, "check": False, "cached": True})
        print(json.dumps({"absent": absent, "megabytes": floor["megabytes"]}), file=ANSWERS, flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            asked["place"] = Path(asked["place"])
            print(json.dumps(in_child(first, asked)), file=ANSWERS, flush=True)


if __name__ == "__main__":
    main()
