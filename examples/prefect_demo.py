"""`make demo-prefect`: both examples as flows in a real Prefect on this machine, the nightly one run twice.

Everything lies in a temporary folder and listens on loopback only. Nothing is left when it ends, in whatever way.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from showing import PLANS, ROOT, Progress, call, headline, painted, published, show, until_interrupted

from prefect_integration.generating.limits import READERS
from prefect_integration.local import LocalPrefect
from prefect_integration.local.occupancy import peak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POOL = "local"


def demonstrate(folder: Path, stay: bool) -> int:  # noqa: FBT001 - as `show` calls it
    """All steps, in a new folder; 0 if both runs ended as they should."""
    projects, data = folder / "projects", folder / "night"
    headline("1. Two plans become two flows, their limits and their deployments")
    told = {"PROJECTS": str(projects)}
    print(f"   $ PROJECTS={shlex.quote(told['PROJECTS'])}  # copies of the examples")
    for plan in PLANS:
        copy = shutil.copytree(ROOT / plan, projects / (ROOT / plan).name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        call(f'taskgraph generate prefect "$PROJECTS"/{copy.name} -o "$PROJECTS"/{copy.name} --work-pool {POOL}', told)
    headline("2. A real Prefect starts, on loopback, in a folder of its own; limits and deployments are brought to it")
    since = time.monotonic()
    with LocalPrefect(folder / "prefect", with_pages=True, extra={"NIGHTLY_OUT": str(data)}) as prefect:
        prefect.serve_pool(POOL)
        told |= prefect.environment
        call(f'taskgraph prefect apply "$PROJECTS"/*/*.limits.json --url {prefect.url}', told)
        for plan in PLANS:
            call(f'cd "$PROJECTS"/{(ROOT / plan).name} && prefect deploy --all', told)
        print(f"   ready after {time.monotonic() - since:.0f} s: {prefect.pages}", flush=True)
        headline("3. 'nightly' runs, deployed to the work pool: one task fails at first, two never meet")
        good = prefect.run_deployment("nightly/nightly")
        how_good = night(prefect, good)
        print(f"   What is published: {published(data)}")
        headline("4. A night that goes wrong at the end: what was done is undone")
        (data / "fail").touch()
        bad = prefect.run_deployment("nightly/nightly")
        how_bad = night(prefect, bad)
        print(f"   What is published: {published(data)}")
        headline("5. How full the limits were at most, by Prefect's own record")
        limits(prefect, [good, bad])
        headline("Where to look, while Prefect runs")
        print(f"   the night that went well   {prefect.pages}/runs/flow-run/{good}")
        print(f"   the night that did not     {prefect.pages}/runs/flow-run/{bad}")
        print(f"   the deployments            {prefect.pages}/deployments")
        print(f"   the limits                 {prefect.pages}/concurrency-limits")
        if stay:
            until_interrupted("Prefect")
        print("\nPrefect is being ended. To look around in it: make demo-prefect KEEP=1", flush=True)
    return 0 if (how_good, how_bad) == ("COMPLETED", "FAILED") else 1


LEFT_OUT = ("out", ".taskgraph", "__pycache__")
"""What earlier runs left in the examples."""


def night(prefect: LocalPrefect, run_id: str) -> str:
    """Follow a run of the nightly flow to its end, and say what was to be seen; how it ended."""
    since = time.monotonic()
    progress = Progress()
    state = prefect.until_ended(run_id, watch=lambda task_runs: progress(over(task_runs)))
    task_runs = prefect.recorded(run_id)
    progress(over(task_runs))
    counts = Counter(words(task_run) for task_run in task_runs)
    told = ", ".join(f"{number} {name}" for name, number in counts.most_common())
    print(f"   The run: {painted(state['name'].lower())} after {time.monotonic() - since:.0f} s: {state['message']}")
    print(f"   Its {len(task_runs)} task runs: {told}")
    return str(state["type"])


def over(task_runs: list[dict[str, Any]]) -> Iterator[tuple[object, str, str]]:
    """Task runs that have ended."""
    for task_run in sorted(task_runs, key=lambda task_run: task_run["end_time"] or ""):
        if task_run["end_time"]:
            yield task_run["id"], words(task_run), task_run["name"]


def words(task_run: dict[str, Any]) -> str:
    """How a task run stands."""
    return str(task_run["state_name"]).lower()


def limits(prefect: LocalPrefect, run_ids: list[str]) -> None:
    """Say how full the limits were of which each task takes one slot; a writer takes all of its own."""
    taken = peak([task_run for run_id in run_ids for task_run in prefect.task_runs(run_id)])
    sizes = {limit["name"]: limit["limit"] for limit in prefect.api.every("v2", "concurrency_limits")}
    for tag, most in taken.items():
        if (size := sizes[f"tag:{tag}"]) < READERS:
            print(f"   {tag}: at most {most} of {size} slots")


if __name__ == "__main__":
    sys.exit(show("Two generated flows in a real Prefect on this machine.", demonstrate))
