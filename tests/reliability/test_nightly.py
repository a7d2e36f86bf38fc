"""The nightly example: killed at random moments, it still ends with what a quiet night would have made."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from reliability.engines import COMMAND, Engine, Engines
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from reliability.sheet import Row, Sheet
    from taskgraph_core.record import RunRecord

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "nightly"
BY_HAND = """
import time
time.sleep = lambda _: None
import pipeline
pipeline.OUT.mkdir()
for table in ("orders", "customers", "rates"):
    pipeline.fetch(table)
    pipeline.load(table)
for step in (pipeline.check, pipeline.summarise, pipeline.report, pipeline.publish, pipeline.verify):
    step()
"""


class Night(Engines):
    """The example, copied into a scratch project."""

    def __init__(self, path: Path) -> None:
        shutil.copytree(EXAMPLE, path, ignore=shutil.ignore_patterns("out", ".taskgraph", "__pycache__"))
        super().__init__(path)

    def start(self, *words: str, before: tuple[str, ...] = ()) -> Engine:
        return self.program(*before, *COMMAND, "run", ".", "--format", "json", *words)

    def survive(self, row: Row, chance: Random, kills: int) -> int:
        """Run the night to its end, its engine killed at most so often; the last exit code."""
        engine = self.start()
        for _ in range(kills):
            try:
                engine.wait(chance.uniform(0.3, 1.5))
                break
            except subprocess.TimeoutExpired:
                engine.send_signal(signal.SIGKILL)
                engine.wait()
                row.count("kills")
                engine = self.start(*(["--resume"] if self.has_begun() else []))
        ended = engine.ended()
        row.count("nights")
        row.zero("tracebacks", [ended.err] if ended.crashed else [])
        return ended.code

    def has_begun(self) -> bool:
        try:
            return self.directory is not None and bool(self.story().events)
        except EngineError:
            return False

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """What is in the warehouse."""
        with closing(sqlite3.connect(self.path / "out" / "warehouse.sqlite")) as database:
            names = [name for (name,) in database.execute("select name from sqlite_master order by name")]
            return {name: database.execute(f"select * from {name} order by 1").fetchall() for name in names}  # noqa: S608 - of our own

    @property
    def page(self) -> str:
        """What is out; empty if nothing is."""
        place = self.path / "out" / "current.html"
        return place.read_text() if place.exists() else ""


def test_a_night_survives_kill_9(sheet: Sheet, tmp_path: Path) -> None:
    row = sheet.row("R1", "the nightly example, its engine killed at random moments")
    chance = Random("nightly")  # noqa: S311 - repeatable, not secret
    quiet = Night(tmp_path / "quiet")
    subprocess.run([sys.executable, "-c", BY_HAND], cwd=quiet.path, check=True, capture_output=True)
    for number in range(6 if sheet.full else 1):
        with Night(tmp_path / f"good{number}") as night:
            code = night.survive(row, chance, 6 if sheet.full else 2)
        record = night.record()
        row.zero("nights that fail", [str(record.states)] if code else [])
        row.zero("warehouses that differ", [night.path.name] if night.tables() != quiet.tables() else [])
        row.zero("pages that differ", [night.page] if night.page != quiet.page else [])
        row.zero("run again after success", again_after_success(record))
        said = (night.path / "out" / "nights.log").read_text()
        row.zero("nights without a line in their log", [] if record.run_id in said else [said])
    for number in range(3 if sheet.full else 0):
        with Night(tmp_path / f"bad{number}") as night:
            night.environment["NIGHTLY_FAIL"] = "1"
            code = night.survive(row, chance, 6)
        left = [*sorted(night.tables().keys() - {"summary"}), *([night.page] if night.page else [])]
        row.zero("failed nights that left something behind", left if code == 1 else [f"exit code {code}"])
    row.check()


def again_after_success(record: RunRecord) -> list[str]:
    return [task.id for task in record.tasks if "success" in [one.outcome for one in task.attempts[:-1]]]
