"""The generated files in the hands of Prefect's own tools, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prefect import get_client
from prefect.exceptions import ObjectNotFound

import prefect_integration
from prefect_integration.generating.target import PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.generate import write_files
from taskgraph_core.ir import Claim, Command, Resource, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskgraph_core.ir import TaskGraph


def generated(graph: TaskGraph, folder: Path) -> Path:
    """The flow file; the others are beside it."""
    return write_files(generate(graph, PrefectOptions(work_pool="machines")).files, folder)[0]


def environment(**more: str) -> dict[str, str]:
    """Variables with which another process uses the same server and the same code."""
    with get_client(sync_client=True) as client:
        api_url = str(client.api_url)
    code = str(Path(prefect_integration.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": code, "PREFECT_API_URL": api_url, **more}


def run(*command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(**more), capture_output=True, text=True, check=False, timeout=100
    )


def sh(line: str) -> Command:
    return Command(argv=("/bin/sh", "-c", line))


def test_a_flow_file_is_imported_without_a_server_and_does_nothing(tmp_path: Path) -> None:
    place = generated(graph_of("a", tasks={"a": {"action": sh("touch ran")}}), tmp_path)
    code = f"import {place.stem} as it; print(it.run.name, it.run.version, sorted(it.run.parameters.properties))"
    done = run(sys.executable, "-W", "error", "-c", code, folder=tmp_path, PREFECT_API_URL="http://127.0.0.1:1/api")

    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=2)[::2] == ["example", "['dry_run', 'only']\n"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("line", "code"), [("exit 0", 0), ("exit 1", 1)])
def test_a_flow_file_run_as_a_script_says_by_its_exit_code_how_it_went(tmp_path: Path, line: str, code: int) -> None:
    place = generated(graph_of("a", tasks={"a": {"action": sh(line)}}), tmp_path)
    done = run(sys.executable, str(place), folder=tmp_path)

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_flow_file_run_as_a_script_takes_what_the_flow_takes(tmp_path: Path) -> None:
    tasks = {name: {"action": sh(f"touch {name}")} for name in "ab"}
    place = generated(graph_of("a", "b", tasks=tasks), tmp_path)

    assert run(sys.executable, str(place), "--only", "a", folder=tmp_path).returncode == 0
    assert run(sys.executable, str(place), "--dry-run", folder=tmp_path).returncode == 0
    assert [name for name in "ab" if (tmp_path / name).exists()] == ["a"]
    assert run(sys.executable, str(place), "stop", folder=tmp_path).returncode == 2


def test_a_flow_file_serves_its_schedule(tmp_path: Path) -> None:
    schedule = Schedule(cron="30 2 * * *", timezone="Europe/Oslo")
    place = generated(graph_of("a", id="served", tasks={"a": {"action": sh("true")}}, schedule=schedule), tmp_path)
    command = [sys.executable, str(place), "serve"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL) as process:
        deployment = None
        while deployment is None:
            assert process.poll() is None
            with get_client(sync_client=True) as client, suppress(ObjectNotFound):
                deployment = client.read_deployment_by_name("served/served")
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.wait(60)

    assert [(item.schedule.cron, item.schedule.timezone) for item in deployment.schedules] == [
        ("30 2 * * *", "Europe/Oslo")
    ]
    assert deployment.entrypoint == "served.py:run"


def test_a_terminated_run_leaves_nothing_running(
    tmp_path: Path, written: Callable[[Path], str], gone: Callable[[int], None]
) -> None:
    line = "sh -c 'sleep 600 & echo $! > child; wait' & sleep 600"
    graph = graph_of("a", "b < a", tasks={"a": {"action": sh(line)}, "b": {"trigger_rule": "all_done"}})
    place = generated(graph, tmp_path)
    command = [sys.executable, str(place)]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as process:
        child = int(written(tmp_path / "child"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) != 0
    gone(child)


def test_prefect_deploys_what_the_graph_says(tmp_path: Path) -> None:
    graph = graph_of("a", id="deployed", schedule=Schedule(cron="30 2 * * 1-5", timezone="Europe/Oslo"))
    generated(graph, tmp_path)
    prefect = (sys.executable, "-m", "prefect", "--no-prompt")
    pool = run(*prefect, "work-pool", "create", "machines", "--type", "process", folder=tmp_path)
    done = run(*prefect, "deploy", "--all", folder=tmp_path)
    assert done.returncode == 0, pool.stdout + pool.stderr + done.stdout + done.stderr
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("deployed/deployed")

    assert [(item.schedule.cron, item.schedule.timezone, item.active) for item in deployment.schedules] == [
        ("30 2 * * 1-5", "Europe/Oslo", True)
    ]
    assert deployment.entrypoint == "deployed.py:run"
    assert deployment.work_pool_name == "machines"
    assert deployment.version == graph.fingerprint
    assert deployment.parameters == {"only": None, "dry_run": False}
    assert deployment.global_concurrency_limit.limit == 1
    assert deployment.concurrency_options.collision_strategy.value == "ENQUEUE"
    assert set(deployment.tags) == {"taskgraph", "graph:deployed"}


def test_the_server_accepts_every_limit(tmp_path: Path, applied: Callable[[Path], list[str]]) -> None:
    names = ["plain-1", "a/b % & <c>\0", "\u65e5\u672c" * 100]
    tasks = {str(number): {"claims": (Claim(resource=name),)} for number, name in enumerate(names)}
    resources = tuple(Resource(name=name, capacity=2) for name in names)
    generated(graph_of(*tasks, tasks=tasks, resources=resources), tmp_path)
    limits: dict[str, Any] = json.loads((tmp_path / "example.limits.json").read_text())["limits"]

    assert len(limits) == len(names)
    applied(tmp_path / "example.limits.json")
    with get_client(sync_client=True) as client:
        for name in limits:
            assert client.read_global_concurrency_limit_by_name(name).limit == 2
