from __future__ import annotations

from typing import Any

import pytest

from prefect_integration.generating.deployment import deployment_file
from support.graphs import graph_of
from taskgraph_core.errors import TargetError
from taskgraph_core.ir import Schedule


def text_for(**fields: Any) -> str:
    return deployment_file(graph_of("1", **fields), entrypoint="example.py:run", work_pool="big machines")


def test_a_schedule_is_active_in_its_time_zone() -> None:
    text = text_for(schedule=Schedule(cron="0  2 * *\t*", timezone="Europe/Oslo"))

    assert '- cron: "0 2 * * *"\n        timezone: "Europe/Oslo"\n        active: true\n' in text


def test_without_a_schedule_a_deployment_takes_an_earlier_one_away() -> None:
    assert text_for().endswith("    schedules: []\n")


def test_runs_of_a_deployment_wait_for_each_other() -> None:
    assert '    concurrency_limit:\n      limit: 1\n      collision_strategy: "ENQUEUE"\n' in text_for()


def test_the_deployment_says_which_graph_and_which_pool() -> None:
    graph = graph_of("1")
    text = text_for()

    assert f'version: "{graph.fingerprint}"' in text
    assert 'name: "big machines"' in text
    assert 'entrypoint: "example.py:run"' in text


@pytest.mark.parametrize(
    "schedule",
    [
        {"cron": "{{ $SECRET }}"},
        {"cron": '0 2 * * *"'},
        {"cron": "0 2 * * *", "timezone": "{{ $TZ }}"},
        {"cron": "0 2 * * *", "timezone": "UTC\nname: x"},
        {"cron": "0 2 * * \u0967"},
    ],
)
def test_nothing_that_prefect_would_replace_gets_in(schedule: dict[str, str]) -> None:
    with pytest.raises(TargetError, match="schedule"):
        text_for(schedule=Schedule(**schedule))


def test_no_text_of_the_plan_gets_in() -> None:
    text = text_for(title="{{ $SECRET }}", tasks={"1": {"title": "{{ $SECRET }}", "labels": ("{{ $SECRET }}",)}})

    assert "{{" not in text
