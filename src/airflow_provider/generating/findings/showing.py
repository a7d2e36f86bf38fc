"""How the DAG looks in Airflow's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider.generating.groups import Grouping


def circular_groups(groups: Grouping) -> Iterator[Finding]:
    """TG508: groups that cannot be shown."""
    if groups.given_up:
        yield Finding(
            "TG508",
            "info",
            "the subtasks of these tasks wait for each other in turns, which Airflow cannot show as groups; they stand "
            "side by side instead",
            tasks=groups.given_up,
        )
