"""What a run leaves on disk, and under which names.

    <project>/.taskgraph/
        .gitignore              "*": nothing in here is ever committed
        durations.json          what tasks took, for the estimates of later runs
        runs/<run id>/
            graph.json          the TaskGraph that is carried out
            journal.db          every transition, while it happens (and journal.db-wal, while it is written)
            lock                which engine carries the run out
            control             a named pipe for orders to that engine, while it lives
            record.json         the RunRecord, written whole at the end
            logs/5.2.1.log      what attempt 1 of task 5.2 printed, both streams in order
            logs/5.2.undo1.log  what attempt 1 at its rollback printed
            tasks/5.2.json      the task with all its fields, for its program to read

Task ids are hostile text. A short id of lower-case letters, digits and ``. _ -`` is its own
file name. Any other becomes a readable remnant, ``~`` and a hash of the id; no ordinary id holds
``~``, and upper case counts as not ordinary, so no two ids ever share a file, on file systems
that ignore case too.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from taskgraph_core.errors import EngineError
from taskgraph_core.generate import replace_text
from taskgraph_core.ir import TaskGraph

if TYPE_CHECKING:
    from taskgraph_core.record import RunRecord

HOME = ".taskgraph"
JOURNAL = "journal.db"
LOCK = "lock"
TAIL_BYTES = 16_384
"""Most that is ever read back of a log, however long it became."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ORDINARY = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_UNFIT = re.compile(r"[^a-z0-9]+")


def new_run_id() -> str:
    """A fresh run id that sorts by time: UTC to the second, then three random bytes."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def file_name(task_id: str) -> str:
    """A safe file name for any id, without ending; equal only for equal ids, whatever the case."""
    if _ORDINARY.fullmatch(task_id):
        return task_id
    remnant = _UNFIT.sub("-", task_id[:40].lower()).strip("-")
    return f"{remnant}~{hashlib.sha256(task_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def runs_folder(project: Path) -> Path:
    """Where the runs of a project are kept."""
    return project / HOME / "runs"


def runs(project: Path) -> list[RunDirectory]:
    """Runs of a project that have a journal, the one that was begun or taken up last before all others."""
    try:
        places = [place for place in runs_folder(project).iterdir() if (place / JOURNAL).is_file()]
    except OSError:
        return []
    return [RunDirectory(place.absolute()) for place in sorted(places, key=_taken_up, reverse=True)]


def _taken_up(place: Path) -> tuple[float, str]:
    """When an engine last took a run up: it writes its name into the lock then."""
    try:
        return (place / LOCK).stat().st_mtime, place.name
    except OSError:
        return 0.0, place.name


def tail(log: Path, lines: int = 10) -> list[str]:
    """Last lines of a log, reading no more than ``TAIL_BYTES``; empty if there is none.

    What is not UTF-8 becomes replacement characters. Control characters stay: whoever shows
    the lines makes them harmless.
    """
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    return text.removesuffix("\n").split("\n")[-lines:] if text else []


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Places inside one run's folder."""

    path: Path

    @classmethod
    def create(cls, project: Path, run_id: str, path: Path | None = None) -> RunDirectory:
        """Make the folder of a new run; ``path`` puts it elsewhere than below the project.

        Raises:
            EngineError: the run id is not usable as a name, the run exists, or the disk refuses.
        """
        if not _RUN_ID.fullmatch(run_id):
            msg = f"{run_id[:100]!r} cannot name a run"
            raise EngineError(msg, fix="use letters, digits, '.', '_' and '-', at most 100, a letter or digit first")
        place = path if path is not None else runs_folder(project) / run_id
        try:
            place.mkdir(parents=True)
            if path is None:
                (project / HOME / ".gitignore").write_text("*\n")
            (place / "logs").mkdir()
            (place / "tasks").mkdir()
        except FileExistsError as error:
            msg = f"there is a run {run_id!r} already"
            raise EngineError(msg, where=str(place), fix="give the run another id") from error
        except OSError as error:
            msg = f"cannot make the run's folder: {error.strerror}"
            raise EngineError(
                msg, where=str(place), fix="make the project folder writable, and look for space"
            ) from error
        return cls(place.absolute())

    @classmethod
    def open(cls, project: Path, run: str) -> RunDirectory:
        """The folder of a run that exists, by its id or, with a slash, by its path.

        Raises:
            EngineError: there is no such run.
        """
        if "/" not in run and not _RUN_ID.fullmatch(run):
            msg = f"{run[:100]!r} cannot name a run"
            raise EngineError(msg, fix="name a run by its id, or by the path of its folder")
        place = Path(run) if "/" in run else runs_folder(project) / run
        if not place.is_dir():
            msg = f"there is no run {run[:100]!r}"
            raise EngineError(msg, where=str(place), fix="'taskgraph runs' lists them")
        return cls(place.absolute())

    def log(self, task_id: str, attempt: int, *, undo: bool = False) -> Path:
        """Output of one attempt."""
        return self.path / f"logs/{file_name(task_id)}.{'undo' if undo else ''}{attempt}.log"

    def last_undo_log(self, task_id: str) -> Path | None:
        """Output of the last attempt at a rollback; None if there was none, or none with output."""
        last = None
        for number in count(1):
            log = self.log(task_id, number, undo=True)
            if not log.is_file():
                break
            last = log
        return last

    def task_file(self, task_id: str) -> Path:
        """The task as JSON, for its program."""
        return self.path / f"tasks/{file_name(task_id)}.json"

    @property
    def graph(self) -> Path:
        """The graph that is carried out."""
        return self.path / "graph.json"

    def write_graph(self, graph: TaskGraph) -> None:
        """Keep the graph, whole or not at all.

        Raises:
            EngineError: the disk refuses.
        """
        try:
            replace_text(self.graph, graph.model_dump_json() + "\n")
        except OSError as error:
            msg = f"the run's graph cannot be written: {error.strerror}"
            raise EngineError(msg, where=str(self.graph), fix="look for space on the disk") from error

    def read_graph(self) -> TaskGraph:
        """The graph that is carried out.

        Raises:
            EngineError: it is not there, or damaged.
        """
        try:
            return TaskGraph.model_validate_json(self.graph.read_bytes())
        except OSError as error:
            msg = f"the run's graph cannot be read: {error.strerror}"
            raise EngineError(
                msg, where=str(self.graph), fix="bring it back from a backup, or start a new run"
            ) from error
        except ValueError as error:
            msg = "the run's graph is damaged"
            raise EngineError(
                msg, where=str(self.graph), fix="bring it back from a backup, or start a new run"
            ) from error

    @property
    def record(self) -> Path:
        """The run's record."""
        return self.path / "record.json"

    def write_record(self, record: RunRecord) -> None:
        """Write the record, whole or not at all.

        Raises:
            EngineError: the disk refuses.
        """
        try:
            replace_text(self.record, record.model_dump_json(indent=1) + "\n")
        except OSError as error:
            msg = f"the run ended, but its record cannot be written: {error.strerror}"
            raise EngineError(msg, where=str(self.record), fix="look for space on the disk") from error
