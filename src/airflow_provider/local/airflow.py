"""Start a whole Airflow, ask it to run DAGs, and end it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from airflow_provider.local.settings import settings
from airflow_provider.rest import Airflow, Login
from taskgraph_core.errors import EngineError, ServiceError
from taskgraph_core.servers.postgres import Postgres
from taskgraph_core.servers.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    Watch = Callable[[list[dict[str, Any]]], None]

T = TypeVar("T")

PROGRAMS = ("api-server", "scheduler", "dag-processor", "triggerer")

READY = 180.0
"""Longest time in seconds until all programs must be healthy; a loaded machine takes half a minute."""

SERVER_ERROR = 500


class LocalAirflow:
    """A running Airflow between ``with LocalAirflow(home) as airflow:`` and the end of the block.

    Attributes:
        home: its folder, which must be new; DAG files belong into ``dags`` below it.
        url: its pages and its API.
        api: the client of that API.
        environment: what its programs are told; for other programs that belong to it, such as ``airflow pools``.

    Args:
        home: see above.
        database: ``sqlite`` or ``postgresql``.
        parallelism: most tasks at the same time.
        extra: more environment variables, which win.
        password: of the user ``admin``; empty to let everybody in.
        program: Airflow's command; that of this environment by default.
    """

    def __init__(
        self,
        home: Path,
        *,
        database: str = "sqlite",
        parallelism: int = 8,
        extra: Mapping[str, str] | None = None,
        password: str = "",
        program: Path | None = None,
    ) -> None:
        self.home = home
        self.dags = home / "dags"
        self._database = database
        self._parallelism = parallelism
        self._extra = dict(extra or {})
        self._password = password
        self._program = program or Path(sys.executable).with_name("airflow")
        self._stack = ExitStack()
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Make its home and its database, start its programs, and wait until all are healthy."""
        self.dags.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _start(self) -> None:
        url = ""
        if self._database != "sqlite":
            postgres = self._stack.enter_context(Postgres("airflow"))
            url = f"postgresql+psycopg2://{postgres.address}"
        own = settings(self.home, parallelism=self._parallelism, database_url=url, password=self._password)
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")}
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled files halve the start of each program
        self.environment = inherited | own | self._extra
        (self.home / "passwords.json").write_text(json.dumps({"admin": self._password or "admin"}))
        self.url = self.environment["AIRFLOW__API__BASE_URL"]
        self.api = Airflow(self.url, Login(user="admin", password=self._password) if self._password else None)
        self.command("db", "migrate")
        commands = {name: [str(self._program), name] for name in PROGRAMS}
        self.programs = Programs(commands, self.environment, self.home / "programs")
        self._stack.callback(self.programs.end)
        self.programs.start()
        self._until_healthy(self.programs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        self._stack.close()

    @property
    def database_url(self) -> str:
        """Its metadata database, in SQLAlchemy's form."""
        return self.environment.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") or f"sqlite:///{self.home / 'airflow.db'}"

    def command(self, *arguments: str) -> str:
        """Call Airflow's own command line; what it said.

        Raises:
            EngineError: it failed.
        """
        ended = subprocess.run(  # noqa: S603 - Airflow's own program
            [self._program, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            msg = f"airflow {' '.join(arguments)} failed: {(ended.stderr or ended.stdout).strip()[-500:]}"
            raise EngineError(msg, where=str(self.home))
        return ended.stdout

    def until_listed(self, dag_id: str, *, patience: float = 120.0) -> dict[str, Any]:
        """The DAG as Airflow lists it, once it has read its file.

        Raises:
            EngineError: it did not within that many seconds, or could not import it.
        """
        last = time.monotonic() + patience
        while time.monotonic() < last:
            try:
                return self.api.get("dags", dag_id)
            except ServiceError:
                time.sleep(0.3)
            for broken in self.api.every("importErrors"):
                if Path(broken["filename"]).stem == dag_id:
                    raise EngineError(broken["stack_trace"].strip().splitlines()[-1], where=broken["filename"])
        msg = f"Airflow has not listed the DAG {dag_id!r} within {patience:.0f} seconds"
        raise EngineError(msg, where=str(self.dags), fix="see the folder 'programs' of its home")

    def unpause(self, dag_id: str) -> None:
        """Put a DAG's schedule in force."""
        self.until_listed(dag_id)
        self._persistently(lambda: self.api.patch("dags", dag_id, body={"is_paused": False}))

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Unpause a DAG and start a run of it; the run's id."""
        self.unpause(dag_id)
        body = {"logical_date": None, "conf": dict(conf or {})}
        run_id: str = self._persistently(lambda: self.api.post("dags", dag_id, "dagRuns", body=body))["dag_run_id"]
        return run_id

    def until_ended(self, dag_id: str, run_id: str, *, patience: float = 300.0, watch: Watch | None = None) -> str:
        """The state a run ended in.

        Args:
            dag_id: of which DAG.
            run_id: which run.
            patience: seconds to wait for it.
            watch: is shown the task instances at every look, as ``tasks`` gives them.

        Raises:
            EngineError: it did not within that many seconds.
        """
        last = time.monotonic() + patience
        while time.monotonic() < last:
            state: str = self._persistently(lambda: self.api.get("dags", dag_id, "dagRuns", run_id))["state"]
            if watch is not None:
                watch(self.tasks(dag_id, run_id))
            if state in ("success", "failed"):
                return state
            time.sleep(0.3)
        states = {each["task_id"]: each["state"] for each in self.tasks(dag_id, run_id)}
        msg = f"the run {run_id!r} of {dag_id!r} has not ended within {patience:.0f} seconds: {states}"
        raise EngineError(msg, where=str(self.home))

    def run(self, dag_id: str, conf: Mapping[str, Any] | None = None, *, patience: float = 300.0) -> tuple[str, str]:
        """Start a run and wait for its end; the run's id, and the state it ended in."""
        run_id = self.trigger(dag_id, conf)
        return run_id, self.until_ended(dag_id, run_id, patience=patience)

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run, each in its last try."""
        return self._persistently(lambda: list(self.api.every("dags", dag_id, "dagRuns", run_id, "taskInstances")))

    def log(self, dag_id: str, run_id: str, task_id: str, *, attempt: int = 1) -> str:
        """What a task said."""
        folder = self.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        return (folder / f"attempt={attempt}.log").read_text(errors="replace")

    def _until_healthy(self, programs: Programs) -> None:
        last = time.monotonic() + READY
        while time.monotonic() < last:
            if ended := programs.ended():
                name, said = next(iter(ended.items()))
                msg = f"airflow {name} ended: {said.strip()[-500:]}"
                raise EngineError(msg, where=str(self.home))
            try:
                health = self.api.get("monitor", "health")
            except ServiceError:
                health = {}
            parts = [health.get(name) or {} for name in ("metadatabase", "scheduler", "dag_processor", "triggerer")]
            if all(part.get("status") == "healthy" for part in parts):
                return
            time.sleep(0.3)
        msg = f"Airflow was not ready within {READY:.0f} seconds"
        raise EngineError(msg, where=str(self.home), fix="see the folder 'programs' there")

    def _persistently(self, ask: Callable[[], T]) -> T:
        """Ask again where Airflow's database was locked, which its API answers with 500."""
        for _ in range(5):
            try:
                return ask()
            except ServiceError as error:
                if error.status < SERVER_ERROR:
                    raise
                time.sleep(1)
        return ask()
