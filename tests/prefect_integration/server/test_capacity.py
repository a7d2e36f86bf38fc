"""Runs on one server share its limits: never above a capacity, and never idle for long.

When a task held what is told by the tasks themselves, and where it says the same by the API as well.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from prefect_integration.commands.applying import carry_out, steps
from prefect_integration.commands.written import read_limits
from prefect_integration.generating.target import PrefectOptions, generate
from prefect_integration.local import occupancy
from prefect_integration.rest.limits import live_limits
from support.graphs import graph_of
from taskgraph_core.generate import write_files
from taskgraph_core.ir import Claim, Command, Policy, Resource
from taskgraph_core.servers.occupancy import Hold, peak

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prefect_integration.local import LocalPrefect

WHOLE = 1_000
"""What a writer takes, as no test here has as many readers."""


@dataclass
class Flow:
    """A generated flow in a folder of its own, its limits on the server."""

    prefect: LocalPrefect
    name: str
    folder: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Run it as a script."""
        script = [sys.executable, f"{self.name}.py"]
        return subprocess.Popen(script, cwd=self.folder, env=self.prefect.environment, start_new_session=True)

    def task_runs(self) -> list[dict[str, Any]]:
        """All of its task runs, once the server knows their ends."""
        while True:
            found = list(self.prefect.api.every("task_runs", flows={"name": {"any_": [self.name]}}))
            if found and all(each["end_time"] for each in found):
                return found
            time.sleep(0.2)

    def holds(self) -> list[Hold]:
        """What its tasks held by their own words: resource, slots, from when until when."""
        found = []
        for line in (self.folder / "holds").read_text().splitlines():
            *claims, start, end = line.split()
            when = [datetime.fromtimestamp(float(moment), UTC) for moment in (start, end)]
            found += [Hold(name, int(slots), *when) for name, slots in (claim.split("=") for claim in claims)]
        return found


@pytest.fixture
def flow(prefect: LocalPrefect, tmp_path: Path) -> Callable[..., Flow]:
    def make(name: str, tasks: dict[str, dict[str, Any]], *lines: str, **sizes: int) -> Flow:
        graph = graph_of(
            *(lines or tasks),
            id=name,
            tasks=tasks,
            resources=tuple(Resource(name=resource, capacity=size) for resource, size in sizes.items()),
            policy=Policy(max_parallel=10),
        )
        folder = tmp_path / name
        write_files(generate(graph, PrefectOptions()).files, folder)
        for step in steps(read_limits(folder / f"{name}.limits.json"), live_limits(prefect.api)):
            carry_out(step, prefect.api)
        return Flow(prefect, name, folder)

    return make


def works(seconds: float, **claims: int | str) -> dict[str, Any]:
    """A task that claims slots, or to read or write, and tells from when until when it had them."""
    weights = {"read": 1, "write": WHOLE}
    told = " ".join(f"{name}={weights.get(str(claim), claim)}" for name, claim in claims.items())
    shell = f'start=$(date +%s.%N); sleep {seconds}; echo "{told} $start $(date +%s.%N)" >> holds'
    return {"action": Command(shell=shell), "claims": tuple(claim_of(name, claim) for name, claim in claims.items())}


def claim_of(name: str, claim: int | str) -> Claim:
    if isinstance(claim, int):
        return Claim(resource=name, slots=claim)
    return Claim.model_validate({"resource": name, "mode": claim})


def free(prefect: LocalPrefect, *resources: str) -> bool:
    """Whether no slot of these is taken."""
    live = live_limits(prefect.api)
    return not any(live[f"tag:resource:{name}"].active_slots for name in resources)


def test_twelve_tasks_in_a_capacity_of_four(prefect: LocalPrefect, flow: Callable[..., Flow]) -> None:
    one = flow("twelve", {str(number): works(1, twelve=1) for number in range(12)}, twelve=4)

    assert one.start().wait() == 0
    assert peak(one.holds())["twelve"] == 4
    assert len(one.holds()) == 12
    assert occupancy.peak(one.task_runs())["resource:twelve"] <= 4
    assert free(prefect, "twelve")


def test_two_runs_together_keep_every_capacity(prefect: LocalPrefect, flow: Callable[..., Flow]) -> None:
    """Some claim one slot, some several, some several resources in every order, some read and some write."""
    claims = [
        {"db": 1},
        {"db": 3},
        {"db": 1, "gpu": 2},
        {"db": 2, "gpu": 1},
        {"gpu": 1},
        {"db": 1, "gpu": 1},
        {"table": "read"},
        {"table": "read", "db": 1},
        {"table": "write"},
        {"table": "read"},
        {"table": "write", "db": 2},
        {"db": 1},
    ]
    tasks = {str(number): works(0.5, **claim) for number, claim in enumerate(claims)}
    # Both runs wait for each other, so that they do run at the same time.
    tasks["begin"] = {"action": Command(shell="touch ../ready.$(basename $PWD); " + TOGETHER)}
    lines = ["begin", *(f"{number} < begin" for number in range(len(claims)))]
    runs = [flow(name, tasks, *lines, db=4, gpu=2) for name in ("left", "right")]

    assert [each.wait() for each in [run.start() for run in runs]] == [0, 0]
    held = [hold for run in runs for hold in run.holds()]
    at_most = peak(held)
    assert len(held) == 2 * sum(len(claim) for claim in claims)
    assert 2 <= at_most["db"] <= 4
    assert at_most["gpu"] <= 2
    assert at_most["table"] <= WHOLE
    left, right = ((min(hold.start for hold in run.holds()), max(hold.end for hold in run.holds())) for run in runs)
    assert max(left[0], right[0]) < min(left[1], right[1])
    assert free(prefect, "db", "gpu", "table")


TOGETHER = "while ! [ -e ../ready.left -a -e ../ready.right ]; do sleep 0.1; done"


@pytest.mark.parametrize("restart", [False, True], ids=["server-stays", "server-restarts"])
def test_what_a_killed_run_held_is_free_again(
    prefect: LocalPrefect, flow: Callable[..., Flow], *, restart: bool
) -> None:
    """After its lease of a minute, and the server's next round."""
    tag, many = f"tag-{restart}", f"many-{restart}"
    sleeps = {"action": Command(shell="echo $$ >> pids; exec sleep 600")}
    killed = flow(
        f"killed-{restart}",
        {
            "1": {**sleeps, "claims": (claim_of(tag, 1),)},
            "2": {**sleeps, "claims": (claim_of(many, 2),)},
        },
        **{tag: 1, many: 2},
    )
    after = flow(f"after-{restart}", {"1": works(0.1, **{tag: 1}), "2": works(0.1, **{many: 2})}, **{tag: 1, many: 2})
    process = killed.start()
    pids = killed.folder / "pids"
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    assert not free(prefect, tag)
    assert not free(prefect, many)
    try:
        process.kill()
        process.wait()
        if restart:
            prefect.stop()
            prefect.start()
        assert not free(prefect, tag)
        assert after.start().wait() == 0
        assert len(after.holds()) == 2
        assert free(prefect, tag, many)
    finally:
        for pid in pids.read_text().split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
