"""For flows that people write: a flow or a task straight from a plan, a profile as a block, the plan as an artifact."""

from __future__ import annotations

from prefect_integration.collection.artifact import plan_artifact
from prefect_integration.collection.flow import taskgraph_flow
from prefect_integration.collection.profile import TaskgraphProfile
from prefect_integration.collection.task import taskgraph_task

__all__ = ["TaskgraphProfile", "plan_artifact", "taskgraph_flow", "taskgraph_task"]
