"""``<graph_id>.limits.json``: the limits the server must have so that runs share resources safely.

The format, to which later versions only add::

    {
      "format": 1,
      "graph": "nightly",
      "tag_limits": {"resource:db": {"limit": 2, "resource": "db", "capacity": 2}}
    }

Each key of ``tag_limits`` is a tag; the server lets at most ``limit`` task runs with it run at
the same time, over all flows. A task run counts as one however many slots it claims, so a
resource of which some task claims several has a limit that is safe even if all tasks do:
``capacity // largest claim``. Inside one run the scheduler counts slots exactly, whatever
the server does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prefect_integration.names import limit_tag
from taskgraph_core.scheduling import slots_claimed

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


def largest_claims(graph: TaskGraph) -> dict[str, int]:
    """For every counted resource in use, the most slots one task claims of it; in the graph's order."""
    largest: dict[str, int] = {}
    for task in graph.tasks:
        for name, slots in slots_claimed(task, graph.capacities).items():
            largest[name] = max(slots, largest.get(name, 0))
    return {name: largest[name] for name in graph.capacities if name in largest}


def tag_limits(graph: TaskGraph) -> dict[str, dict[str, int | str]]:
    """The entries of ``tag_limits``."""
    return {
        limit_tag(name): {
            "limit": graph.capacities[name] // slots,
            "resource": name,
            "capacity": graph.capacities[name],
        }
        for name, slots in largest_claims(graph).items()
    }


def limits_file(graph: TaskGraph) -> str:
    """The text of the file."""
    return json.dumps({"format": 1, "graph": graph.id, "tag_limits": tag_limits(graph)}, indent=2) + "\n"
