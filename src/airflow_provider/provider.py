"""What Airflow asks an installed provider about itself."""

from __future__ import annotations

from taskgraph_core import __version__

_INTEGRATION = "Taskgraph"


def get_provider_info() -> dict[str, object]:
    """The provider's description, in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "taskgraph",
        "name": "Taskgraph",
        "description": "Generates DAGs and pools from Taskmaster plans, and carries their tasks out.",
        "versions": [__version__],
        "integrations": [{"integration-name": _INTEGRATION, "tags": ["software"]}],
        "operators": [{"integration-name": _INTEGRATION, "python-modules": ["airflow_provider.running.operator"]}],
        "task-decorators": [{"name": "taskgraph", "class-name": "airflow_provider.running.decorator.taskgraph_task"}],
        "cli": ["airflow_provider.airflow_cli.commands"],
        "config": {
            "taskgraph": {
                "description": "Options of what Taskgraph carries out.",
                "options": {
                    "shared_folder": {
                        "description": "Where the processes of a machine leave each other how often a resource was "
                        "used, and whether its circuit is open. A folder of a local file system, writable for "
                        "all of them. Without it, 'taskgraph' in AIRFLOW_HOME.",
                        "version_added": __version__,
                        "type": "string",
                        "example": "/var/lib/taskgraph",
                        "default": "",
                    }
                },
            }
        },
    }
