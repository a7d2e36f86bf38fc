"""What all actions of one run share: the graph, the places, the programs and the threads."""

from __future__ import annotations

import hashlib
import os
from copy import copy
from typing import TYPE_CHECKING, Self

from taskgraph_core.engine.actions.threads import Threads
from taskgraph_core.engine.options import OUTPUT_LIMIT
from taskgraph_core.engine.processes.host import Host
from taskgraph_core.environment import task_environment

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from taskgraph_core.engine.actions.entry_point import Function
    from taskgraph_core.engine.attempt import Call
    from taskgraph_core.engine.rundir import RunDirectory
    from taskgraph_core.ir import Task, TaskGraph


class Workspace:
    """Open it with ``with``; when it closes, no program of the run lives any more."""

    def __init__(
        self,
        graph: TaskGraph,
        run_id: str,
        directory: RunDirectory,
        project: Path,
        grace: float,
        output_limit: int = OUTPUT_LIMIT,
    ) -> None:
        self.graph = graph
        self.run_id = run_id
        self.directory = directory
        self.project = project.absolute()
        self.threads = Threads()
        self.host = Host(grace, self.threads, output_limit)
        self.spawned: Callable[[str, int, int], None] = lambda *_: None  # task id, process, its birth (``procs.birth``)
        self.key = ""  # told to programs as idempotency key, instead of one made of run and task
        self.functions: dict[str, Function] = {}
        self.searches: dict[str, asyncio.Future[Function]] = {}
        self._inherited = _environment()
        self._task_files: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.host.close()
        self.threads.close()

    def within(self, graph: TaskGraph, run_id: str, directory: RunDirectory, project: Path, key: str) -> Self:
        """One for another run, with the same programs, threads and functions; closing the first closes them all."""
        other = copy(self)
        other.graph, other.run_id, other.directory, other.project = graph, run_id, directory, project.absolute()
        other.key = key
        other._inherited = _environment()  # noqa: SLF001 - one of us
        other._task_files = {}  # noqa: SLF001
        return other

    def log(self, call: Call) -> Path:
        """Where the output of an attempt goes."""
        return self.directory.log(call.task.id, call.attempt, undo=call.undo)

    def environment(self, call: Call, added: Mapping[str, str]) -> dict[bytes, bytes]:
        """The whole environment of a task's program here."""
        place = _encoded(self._task_file(call.task))
        return self._inherited | self.variables(call, added) | {b"TASKGRAPH_TASK_JSON": place}

    def variables(self, call: Call, added: Mapping[str, str]) -> dict[bytes, bytes]:
        """What is added to the environment of a task's program wherever it runs, in UTF-8.

        A NUL in a task's own text is left out, as no variable can hold one; one in ``added`` is a
        mistake that the system will report.
        """
        task = call.task
        own = {name: text.replace("\0", "") for name, text in task_environment(self.graph, task).items()}
        run = {
            "TASKGRAPH_RUN_ID": self.run_id,
            "TASKGRAPH_ATTEMPT": str(call.attempt),
            "TASKGRAPH_IDEMPOTENCY_KEY": self.key or idempotency_key(self.run_id, task.id, undo=call.undo),
        }
        undo = {"TASKGRAPH_UNDO": "1"} if call.undo else {}
        texts = {**own, **added, **run, **undo}
        return {_encoded(name): _encoded(text) for name, text in texts.items()}

    def _task_file(self, task: Task) -> str:
        """Path of the task as JSON, written before its first attempt."""
        path = self._task_files.get(task.id)
        if path is None:
            path = str(self.directory.task_file(task.id))
            text = task.model_dump_json().encode()
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)  # half the time of Path
            try:
                while text:
                    text = text[os.write(handle, text) :]
            finally:
                os.close(handle)
            self._task_files[task.id] = path
        return path


def idempotency_key(run_id: str, task_id: str, *, undo: bool = False) -> str:
    """Thirty-two hex digits, the same for every attempt of a task in a run, and others for its rollback.

    A service that is told the key can recognise work it has done already.
    """
    return hashlib.sha256(f"{run_id}\0{task_id}\0{undo}".encode()).hexdigest()[:32]


def _environment() -> dict[bytes, bytes]:
    """What programs inherit: bytes once, instead of encoding all of it for every program."""
    inherited = dict(os.environb)
    inherited.pop(b"TASKGRAPH_UNDO", None)  # of a run this one is part of
    return inherited


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
