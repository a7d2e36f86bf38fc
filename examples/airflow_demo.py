"""`make demo-airflow`: both examples as DAGs in a real Airflow on this machine, the nightly one run twice.

Everything lies in a temporary folder and listens on loopback only. Nothing is left when it ends, in whatever way.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider.local import LocalAirflow
from airflow_provider.local.occupancy import intervals, peak
from taskgraph_core.errors import EngineError, TaskgraphError
from taskgraph_core.servers.signals import ENDINGS

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
PLANS = ("examples/nightly", "examples/plan")
COLOURS = {"success": "32", "failed": "31", "upstream_failed": "33", "up_for_retry": "33", "bold": "1"}
SCHEDULED_WITHIN = 30.0
"""Seconds."""

OVER = ("success", "failed", "upstream_failed", "up_for_retry")


class Progress:
    """Prints a line whenever a task has come to an end, or is to be tried again."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._told: set[tuple[str, int, str]] = set()

    def __call__(self, tasks: list[dict[str, Any]]) -> None:
        """Look at the tasks of a run; those that are skipped had nothing to do, and are not told."""
        for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
            event = (task["task_id"], task["try_number"], task["state"])
            if task["state"] in OVER and event not in self._told:
                self._told.add(event)
                seconds = time.monotonic() - self._since
                title = task["task_display_name"]
                print(f"   {seconds:5.1f} s  {painted(task['state'], 15)}  {title}", flush=True)


def main() -> int:
    """Show it; the exit code is 0 if both runs ended as they should."""
    parser = argparse.ArgumentParser(description="Two generated DAGs in a real Airflow on this machine.")
    parser.add_argument("--stay", action="store_true", help="leave Airflow running until Ctrl-C")
    stay = parser.parse_args().stay
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1"  # everything here talks on loopback
    for number in ENDINGS:
        signal.signal(number, interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="taskgraph-demo-", ignore_cleanup_errors=True) as folder:
            return demonstrate(Path(folder), stay=stay)
    except KeyboardInterrupt:
        print("Nothing is left.")
        return 130
    except TaskgraphError as error:
        print(f"\nthe demo stops here: {error}", file=sys.stderr)
        return 1


def interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave whatever goes on, once: who presses Ctrl-C again would only interrupt the tidying up."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    print("\nEverything is being ended, which takes some seconds ...", flush=True)
    raise KeyboardInterrupt


def demonstrate(folder: Path, *, stay: bool) -> int:
    """All steps, in a new folder."""
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
        headline("3. 'nightly' is unpaused, and runs at once for last night: one task fails at first, two never meet")
        airflow.unpause("nightly")
        good = scheduled_run(airflow)
        how_good = night(airflow, good)
        print(f"   What is published: {page(data)}")
        headline("4. A night that goes wrong at the end: what was done is undone")
        (data / "fail").touch()
        bad = airflow.trigger("nightly")
        how_bad = night(airflow, bad)
        print(f"   What is published: {page(data)}")
        headline("5. How full the pools were at most, by Airflow's own database")
        pools(airflow)
        headline("Where to look, while Airflow runs")
        print(f"   the night that went well   {airflow.url}/dags/nightly/runs/{good}")
        print(f"   the night that did not     {airflow.url}/dags/nightly/runs/{bad}")
        print(f"   the pools                  {airflow.url}/pools")
        if stay:
            print(f"\n{coloured('Airflow runs until you press Ctrl-C.', 'bold')}", flush=True)
            signal.pause()
        print("\nAirflow is being ended. To look around in it: make demo-airflow KEEP=1", flush=True)
    return 0 if (how_good, how_bad) == ("success", "failed") else 1


def scheduled_run(airflow: LocalAirflow) -> str:
    """The run that Airflow starts by itself when a DAG with a schedule is unpaused."""
    last = time.monotonic() + SCHEDULED_WITHIN
    while time.monotonic() < last:
        for run in airflow.api.every("dags", "nightly", "dagRuns"):
            return str(run["dag_run_id"])
        time.sleep(0.3)
    return airflow.trigger("nightly")


def night(airflow: LocalAirflow, run_id: str) -> str:
    """Follow a run of the nightly DAG to its end, and say what was to be seen; how it ended."""
    since = time.monotonic()
    state = airflow.until_ended("nightly", run_id, watch=Progress())
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


def page(data: Path) -> str:
    """What stands on the page that was published."""
    place = data / "current.html"
    return f"{place.read_text(encoding='utf-8').count('<tr>')} countries" if place.exists() else "nothing"


def call(line: str, told: dict[str, str]) -> None:
    """Show a shell line and run it; what it has to say about the plans is for another time."""
    print(f"   $ {line}", flush=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ended = subprocess.run(  # noqa: S602 - lines of this file
        line,
        shell=True,
        cwd=ROOT,
        env=os.environ | told | {"PATH": path, "PWD": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        msg = f"it failed: {(ended.stderr or ended.stdout).strip()}"
        raise EngineError(msg, where=line)


def headline(text: str) -> None:
    """Begin a step."""
    print(f"\n{coloured(text, 'bold')}", flush=True)


def painted(state: str, width: int = 0) -> str:
    """A state in its colour."""
    return coloured(f"{state.replace('_', ' '):{width}}", state)


def coloured(text: str, name: str) -> str:
    """Text in a colour, on a terminal."""
    return f"\033[{COLOURS[name]}m{text}\033[0m" if sys.stdout.isatty() and name in COLOURS else text


if __name__ == "__main__":
    sys.exit(main())
