from __future__ import annotations

from importlib.metadata import entry_points

from airflow_provider.provider import get_provider_info
from taskgraph_core import __version__


def test_airflow_finds_the_provider_by_its_entry_point() -> None:
    points = [point for point in entry_points(group="apache_airflow_provider") if point.dist is not None]

    assert [point.load() for point in points if point.dist and point.dist.name == "taskgraph"] == [get_provider_info]


def test_the_provider_is_the_installed_package() -> None:
    info = get_provider_info()

    assert (info["package-name"], info["versions"]) == ("taskgraph", [__version__])
