"""A flow generated with ``--standalone`` where there is nothing but Prefect."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from prefect import get_client

from prefect_integration.generating.target import PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.generate import write_files
from taskgraph_core.ir import Command, Policy, Python, Retry

if TYPE_CHECKING:
    from pathlib import Path

ALONE = """\
import runpy, sys
sys.modules.update(dict.fromkeys(["taskgraph_core", "prefect_integration", "airflow_provider"]))
sys.path.insert(0, "")
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


@pytest.mark.timeout(300)
def test_its_folder_needs_nothing_but_prefect(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(
        "import sys\n"
        "def go():\n"
        "    print('went')\n"
        "    assert not [name for name in sys.modules if name.startswith('taskgraph_core.')]\n"
    )
    go = Python(entry_point="steps:go")
    tasks = {
        "here": {"action": go},
        "process": {"action": go.model_copy(update={"process": True})},
        "again": {
            "action": Command(argv=("/bin/sh", "-c", "test $TASKGRAPH_ATTEMPT = 2")),
            "retry": Retry(attempts=2),
        },
        "bad": {"action": Command(argv=("false",))},
        "undone": {"rollback": Command(argv=("touch", "undone"))},
    }
    graph = graph_of(
        "here", "process < here", "again < process", "undone < again", "bad < undone", id="alone", tasks=tasks
    )
    graph = graph.model_copy(update={"policy": Policy(rollback=True)})
    write_files(generate(graph, PrefectOptions(standalone=True)).files, tmp_path)
    with get_client(sync_client=True) as client:
        told = {**os.environ, "PREFECT_API_URL": str(client.api_url), "PREFECT_LOGGING_LEVEL": "INFO"}
    told.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, "alone.py"],
        cwd=tmp_path,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr

    assert "1 failed, 4 success, 1 of 1 undone" in said, said
    assert said.count("went") == 2
    assert (tmp_path / "undone").exists()
    assert done.returncode == 1
