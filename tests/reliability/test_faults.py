"""R5: every system call that writes fails once. R7: the disk is full, at every page that a run needs.

R5 lets ``strace`` fail the n-th call of the engine's main thread, for every n that touches a file of ours: opening,
writing, syncing, renaming, cutting, removing, making folders. So SQLite's calls fail too, which nothing in Python
could make them do. The disk is as good as before at the next call, so what is tried is the way out, and the resume.
R7 gives the runs of a project a small file system of their own, which takes the right to mount one.
"""

from __future__ import annotations

import errno
import json
import subprocess
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from reliability.engines import Engines
from reliability.killing import Victim
from reliability.tracing import calls, needs_strace, tracer
from reliability.truth import lines, out_of_order, write_step
from taskgraph_core.ir import Command, Task, TaskGraph
from taskgraph_core.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reliability.engines import Ended
    from reliability.sheet import Row, Sheet

PAGE = 4096
ROOM = 512
"""Pages of the small file system; a run of a few tasks needs a tenth."""


def few_tasks(engines: Engines, size: int = 3) -> TaskGraph:
    step = Command(argv=write_step(engines.path))
    tasks = (
        Task(id=str(number), depends_on=(str(number - 1),) if number else (), action=step) for number in range(size)
    )
    return engines.plan(TaskGraph(id="few", tasks=tuple(tasks)))


@needs_strace
def test_a_call_that_fails_leaves_the_old_or_the_new_state(
    sheet: Sheet,
    tmp_path: Path,
) -> None:
    row = sheet.row("R5", "one system call of the engine fails")
    chance = Random("R5")  # noqa: S311 - repeatable, not secret
    whole = Engines(tmp_path / "whole")
    few_tasks(whole)
    assert not whole.run(before=tracer(whole.path / "trace")).code
    ours = [
        call for call in calls(whole.path / "trace") if "/.taskgraph" in call.path and not call.path.endswith(".log")
    ]
    for number, call in enumerate(ours if sheet.full else chance.sample(ours, 3)):
        error = chance.choice(("EIO", "ENOSPC"))
        with Engines(tmp_path / str(number)) as engines:
            graph = few_tasks(engines)
            trace = engines.path / "trace"
            ended = engines.run(before=tracer(trace, f"{call.name}:error={error}:when={call.ordinal}"))
            hit = next((one for one in calls(trace) if one.injected), None)
            if hit is None or "/.taskgraph" not in hit.path:
                row.count("calls missed")
            else:
                row.count("calls failed")
                judge(row, engines, graph, ended, f"{error} of {call.name} on {Path(hit.path).name}")
    row.check()


@pytest.fixture
def small_disks() -> Iterator[Callable[[Path], None]]:
    """Make a folder a small file system of its own."""
    mounted: list[Path] = []

    def mount(place: Path) -> None:
        place.mkdir(parents=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={ROOM * PAGE}", "taskgraph-test", str(place)]
        try:
            subprocess.run(words, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only who may mount can have a small file system")
        mounted.append(place)

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_a_run_in_words_and_loses_nothing(
    sheet: Sheet,
    tmp_path: Path,
    small_disks: Callable[[Path], None],
) -> None:
    row = sheet.row("R7", f"{errno.errorcode[errno.ENOSPC]} on a file system with so many pages left")
    fits = 0
    for pages in range(60) if sheet.full else (3, 9):
        with Engines(tmp_path / str(pages)) as engines:
            graph = few_tasks(engines, 12)
            small_disks(engines.path / ".taskgraph")
            filler = engines.path / ".taskgraph" / "filler"
            filler.write_bytes(bytes((ROOM - pages) * PAGE))
            ended = engines.run("-j", "2")
            filler.unlink()
            row.count("disks")
            row.count("full before the end", int(ended.code != 0))
            why = "space" in ended.err + ended.out or "full" in ended.err
            row.zero("failures that do not say why", [] if why or not ended.code else [f"{pages} pages: {ended.err}"])
            judge(row, engines, graph, ended, f"{pages} pages left")
        fits = 0 if ended.code else fits + 1
        if fits == 3:  # and so it will with more
            break
    row.check()


def judge(row: Row, engines: Engines, graph: TaskGraph, ended: Ended, where: str) -> None:
    """Nothing is half written, nobody saw a traceback, and the run goes on once the disk does."""
    row.zero("tracebacks", [f"{where}: {ended.err[-1500:]}"] if ended.crashed else [])
    silent = ended.code != 0 and "error: " not in ended.err and not ended.out
    row.zero("failures without a word", [where] if silent else [])
    row.zero("files that are neither old nor new", [f"{where}: {one}" for one in half_written(engines)])
    states = engines.record().states if not ended.code else {}
    wrong = [task_id for task_id, state in states.items() if state != "success"]
    row.zero("said to succeed and not done", [f"{where}: {one}" for one in wrong])
    victim = Victim(engines, row)
    begun = victim.look()
    if not ended.code:
        row.zero("said to succeed and not on record", [where] if victim.known.keys() != graph.by_id.keys() else [])
    if ended.code or not begun:
        engine = engines.start(*(["--resume"] if begun else []))
        if engine.ended().code and begun and engines.story().ended == "failed":
            # A task failed for want of space, which was recorded before the run broke off: it ends as it would have.
            row.count("that took a second resume")
            engine = engines.start("--resume")
        victim.finish(engine)
    row.zero("started before what they depend on", out_of_order(graph, lines(engines.path)))


def half_written(engines: Engines) -> Iterator[str]:
    """Files of ours that are there and cannot be read."""
    readers: dict[str, Callable[[bytes], object]] = {
        "record.json": RunRecord.model_validate_json,
        "graph.json": TaskGraph.model_validate_json,
        "durations.json": json.loads,
    }
    for place in (engines.path / ".taskgraph").rglob("*.json"):
        if place.parent.name != "tasks":
            try:
                readers[place.name](place.read_bytes())
            except ValueError as error:
                yield f"{place.name}: {error}"
