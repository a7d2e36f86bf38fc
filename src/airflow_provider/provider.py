"""What Airflow asks an installed provider about itself."""

from __future__ import annotations

from taskgraph_core import __version__


def get_provider_info() -> dict[str, object]:
    """The provider's description, in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "taskgraph",
        "name": "Taskgraph",
        "description": "Generates DAGs and pools from Taskmaster plans.",
        "versions": [__version__],
    }
