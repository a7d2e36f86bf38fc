from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from prefect_integration.generating.target import PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Command

if TYPE_CHECKING:
    from prefect_integration.generating.runners import RunnerName

GRAPH = graph_of("a", tasks={"a": {"action": Command(argv=("true",))}})


def flow(runner: RunnerName, address: str = "") -> str:
    return generate(GRAPH, PrefectOptions(runner=runner, address=address)).files["example.py"]


@pytest.mark.parametrize(
    ("runner", "imported", "written"),
    [
        ("threads", "from prefect.task_runners import ThreadPoolTaskRunner", "ThreadPoolTaskRunner("),
        ("processes", "from prefect.task_runners import ProcessPoolTaskRunner", "ProcessPoolTaskRunner("),
        ("dask", "from prefect_dask import DaskTaskRunner", "DaskTaskRunner(\n        cluster_kwargs="),
        ("ray", "from prefect_ray import RayTaskRunner", "RayTaskRunner(init_kwargs="),
    ],
)
def test_a_flow_imports_the_runner_it_uses_and_no_other(runner: RunnerName, imported: str, written: str) -> None:
    text = flow(runner)

    assert [line for line in text.splitlines() if "Runner" in line and "import" in line] == [imported]
    assert f"    task_runner={written}" in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_cluster_that_is_there_is_connected_to_and_nothing_is_started() -> None:
    assert 'task_runner=DaskTaskRunner(address="tcp://10.0.0.1:8786"),' in flow("dask", "tcp://10.0.0.1:8786")
    assert 'task_runner=RayTaskRunner(address="ray://head:10001"),' in flow("ray", "ray://head:10001")


def test_a_cluster_is_worth_a_remark() -> None:
    options = PrefectOptions(runner="dask", address="tcp://10.0.0.1:8786")
    remarks = {remark.code: remark for remark in generate(GRAPH, options).findings}

    assert remarks["TG610"].tasks == ("a",)
    assert "TG610" not in {remark.code for remark in generate(GRAPH, PrefectOptions(runner="dask")).findings}


def test_threads_have_no_cluster() -> None:
    with pytest.raises(TargetError, match="has no cluster"):
        flow("threads", "tcp://10.0.0.1:8786")


@pytest.mark.parametrize("address", ["tcp://a'b", "a b", "x\n", "{0}", "$(id)"])
def test_an_address_is_nothing_else(address: str) -> None:
    with pytest.raises(ValidationError):
        PrefectOptions(runner="dask", address=address)
