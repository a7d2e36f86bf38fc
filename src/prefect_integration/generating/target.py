"""``taskgraph generate prefect``: a graph becomes a flow file, its limits and its deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from prefect_integration.generating.deployment import FILE, deployment_file
from prefect_integration.generating.flow_file import FUNCTION, flow_file, flow_file_name
from prefect_integration.generating.limits import limits_file
from prefect_integration.generating.present import beside_what_is_there
from prefect_integration.generating.remarks import remarks
from prefect_integration.generating.runners import ADDRESS, RunnerName, runner, runner_remarks
from prefect_integration.generating.standalone import DOOR, runtime_files, runtime_name
from taskgraph_core.errors import TargetError
from taskgraph_core.generate import Generated, Options, Target
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from taskgraph_core.ir import TaskGraph


class PrefectOptions(Options):
    """What ``taskgraph generate prefect`` can be told."""

    work_pool: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", description="Work pool of the deployment.")
    ] = "default"
    runner: Annotated[RunnerName, Field(description="Task runner: what carries out the tasks of a run.")] = "threads"
    address: Annotated[
        str,
        Field(pattern=ADDRESS, description="Address of the Dask or Ray cluster; without one, a run starts its own."),
    ] = ""
    standalone: Annotated[
        bool,
        Field(description="Put what the flow needs at run time beside it, so that its folder needs only Prefect."),
    ] = False


def generate(graph: TaskGraph, options: PrefectOptions) -> Generated:
    """The files of a graph; pure: the same graph and options give the same bytes.

    Raises:
        TargetError: the graph is not sound, or cannot be expressed.
    """
    try:
        scheduler_for(graph)
    except ValueError as error:
        raise TargetError(str(error), fix="run 'taskgraph check' on the plan") from error
    flow = flow_file_name(graph)
    runtime = runtime_name(graph) if options.standalone else DOOR
    files = {
        flow: flow_file(graph, runtime=runtime, task_runner=runner(options.runner, options.address)),
        f"{graph.id}.limits.json": limits_file(graph),
        FILE: deployment_file(graph, entrypoint=f"{flow}:{FUNCTION}", work_pool=options.work_pool),
    }
    if options.standalone:
        files |= runtime_files(runtime)
    return Generated(files, (*remarks(graph), *runner_remarks(graph, options.runner, options.address)))


TARGET = Target(
    name="prefect",
    summary="a Prefect flow, its concurrency limits and its deployment",
    generate=generate,
    options=PrefectOptions,
    beside=beside_what_is_there,
)
