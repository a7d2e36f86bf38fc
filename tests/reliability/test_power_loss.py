"""R6: the machine goes down and takes with it what was not synced.

The system calls of real runs are recorded with their data (``strace``), then played on a disk that forgets: at each
moment at which the engine had told somebody that a task succeeded, the machine goes down, and what is left is read as
after a restart. With ``--durable``, whatever was told must be there. Without, what is there must be true.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from reliability.disk import Disk
from reliability.engines import Engines
from reliability.tracing import calls, needs_strace, tracer
from reliability.truth import recorded, write_step
from taskgraph_core.engine.journal import read
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from reliability.sheet import Sheet

TASKS = 20


def recorded_run(path: Path, *words: str) -> Engines:
    """A run whose system calls were written down."""
    engines = Engines(path)
    step = Command(argv=write_step(engines.path))
    tasks = (Task(id=str(one), depends_on=(str(one - 4),) if one >= 4 else (), action=step) for one in range(TASKS))
    engines.plan(TaskGraph(id="power", tasks=tuple(tasks)))
    ended = engines.run("-j", "4", *words, before=tracer(engines.path / "trace"))
    assert not ended.code, ended.err
    return engines


def moments(engines: Engines) -> Iterator[tuple[Disk, set[str]]]:
    """The disk at each moment at which something was told, and what had been told by then."""
    disk, told = Disk(), set[str]()
    for call in calls(engines.path / "trace"):
        if call.path.endswith(".out"):
            yield disk, told
            told |= successes(call.text)
            yield disk, told
        elif "/.taskgraph" in call.path or call.path == str(engines.path):
            disk.follow(call)


def successes(text: bytes) -> set[str]:
    events = [json.loads(line) for line in text.decode().splitlines()]
    return {event["task"] for event in events if event.get("event") == "task_ended" and event["outcome"] == "success"}


def after(disk: Disk, chance: Random | None, folder: Path) -> set[str] | None:
    """What a reader finds recorded after the machine came up again; None if it finds no run.

    Raises:
        EngineError: it finds one that cannot be read.
    """
    left = {Path(name).name: data for name, data in disk.after_failure(chance).items() if "/runs/" in name}
    if "journal.db" not in left or "graph.json" not in left:
        return None
    for name in ("journal.db", "journal.db-wal"):
        (folder / name).unlink(missing_ok=True)
        if name in left:
            (folder / name).write_bytes(left[name])
    TaskGraph.model_validate_json(left["graph.json"])
    return recorded(read(folder).events)


@needs_strace
def test_what_was_told_survives_the_end_of_the_machine(
    sheet: Sheet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = sheet.row("R6", f"power failures in runs of {TASKS} tasks, what was not synced lost or kept in part")
    chance = Random("R6")  # noqa: S311 - repeatable, not secret
    durable, usual = recorded_run(tmp_path / "durable", "--durable"), recorded_run(tmp_path / "usual")
    folder = tmp_path / "after"
    folder.mkdir()
    (folder / "boot_id").write_text("after the machine came up again")
    monkeypatch.setattr("taskgraph_core.engine.resuming.lock._BOOT", folder / "boot_id")
    for disk, told in moments(durable):
        for lot in [None, *[chance] * (20 if sheet.full else 1)]:
            row.count("failures of durable runs")
            row.count("successes that had been told", len(told))
            try:
                done = after(disk, lot, folder)
            except EngineError as error:
                row.zero("durable runs that cannot be read", [f"{error}"])
                continue
            row.zero("told and lost", sorted(told - (done or set())))
    row.zero("durable runs that cannot be read")
    known = {str(number) for number in range(TASKS)}
    for disk, told in moments(usual):
        for lot in [None, *[chance] * (20 if sheet.full else 1)]:
            row.count("failures of other runs")
            try:
                done = after(disk, lot, folder)
            except EngineError:
                row.count("refused after them")
                continue
            row.count("lost after them, which is allowed", len(told - (done or set())))
            row.zero("recorded and never done", sorted((done or set()) - known))
    row.check()
