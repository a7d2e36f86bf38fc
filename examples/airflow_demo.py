"""`make demo-airflow`: both examples as DAGs in a real Airflow on this machine, the nightly one run twice.

Everything lies in a temporary folder and listens on loopback only. Nothing is left when it ends, in whatever way.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from showing import PLANS, Progress, call, headline, painted, published, show, until_interrupted

from airflow_provider.local import LocalAirflow
from airflow_provider.local.occupancy import intervals, peak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OVER = ("success", "failed", "upstream_failed", "up_for_retry")


def demonstrate(folder: Path, stay: bool) -> int:  # noqa: FBT001 - as `show` calls it
    """All steps, in a new folder; 0 if both runs ended as they should."""
    home, data = folder / "airflow", folder / "night"
    dags = home / "dags"
    headline("1. Two plans become two DAGs and their pools")
    told = {"DAGS": str(dags)}
    print(f"   $ DAGS={shlex.quote(told['DAGS'])}")
    for plan in PLANS:
        call(f'taskgraph generate airflow {plan} -o "$DAGS" --project-dir "$PWD/{plan}"', told)
    headline("2. A real Airflow starts, on loopback, in a folder of its own; its pools are created")
    since = time.monotonic()
    with LocalAirflow(home, extra={"NIGHTLY_OUT": str(data)}) as airflow:
        call(f'taskgraph airflow apply "$DAGS"/*.pools.json --url {airflow.url}', told)
        for place in dags.glob("*.py"):
            airflow.until_listed(place.stem)
        print(f"   ready after {time.monotonic() - since:.0f} s: {airflow.url}", flush=True)
        headline("3. 'nightly' is unpaused and runs: one task fails at first, two never meet")
        good = airflow.trigger("nightly")
        how_good = night(airflow, good)
        print(f"   What is published: {published(data)}")
        headline("4. A night that goes wrong at the end: what was done is undone")
        (data / "fail").touch()
        bad = airflow.trigger("nightly")
        how_bad = night(airflow, bad)
        print(f"   What is published: {published(data)}")
        headline("5. How full the pools were at most, by Airflow's own database")
        pools(airflow)
        headline("Where to look, while Airflow runs")
        print(f"   the night that went well   {airflow.url}/dags/nightly/runs/{good}")
        print(f"   the night that did not     {airflow.url}/dags/nightly/runs/{bad}")
        print(f"   the pools                  {airflow.url}/pools")
        if stay:
            until_interrupted("Airflow")
        print("\nAirflow is being ended. To look around in it: make demo-airflow KEEP=1", flush=True)
    return 0 if (how_good, how_bad) == ("success", "failed") else 1


def night(airflow: LocalAirflow, run_id: str) -> str:
    """Follow a run of the nightly DAG to its end, and say what was to be seen; how it ended."""
    since = time.monotonic()
    progress = Progress()
    state = airflow.until_ended("nightly", run_id, watch=lambda tasks: progress(over(tasks)))
    tasks = airflow.tasks("nightly", run_id)
    counts = Counter(task["state"] for task in tasks)
    told = ", ".join(f"{number} {state}" for state, number in counts.most_common())
    print(f"   The run: {painted(state)} after {time.monotonic() - since:.0f} s; its tasks: {told}")
    again = [f"{task['task_display_name']} ({task['try_number']})" for task in tasks if task["try_number"] > 1]
    print(f"   Tried more than once: {', '.join(again) or 'none'}")
    return state


def pools(airflow: LocalAirflow) -> None:
    """Say how full the pools were."""
    sizes = {pool["name"]: pool["slots"] for pool in airflow.api.every("pools")}
    for name, most in peak(intervals(airflow.database_url, ["nightly"])).items():
        if name != "default_pool":
            print(f"   {name}: at most {most} of {sizes[name]} slots")


def over(tasks: list[dict[str, Any]]) -> Iterator[tuple[object, str, str]]:
    """Attempts that have ended; those that are skipped had nothing to do, and are not told."""
    for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
        if task["state"] in OVER:
            yield (task["task_id"], task["try_number"]), task["state"], task["task_display_name"]


if __name__ == "__main__":
    sys.exit(show("Two generated DAGs in a real Airflow on this machine.", demonstrate))
