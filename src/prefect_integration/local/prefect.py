"""Start a whole Prefect, deploy flows to it, ask it to run them, and end it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import uuid4

from prefect_integration.local.settings import settings
from prefect_integration.rest import Prefect
from taskgraph_core.errors import EngineError, ServiceError
from taskgraph_core.servers.ports import free_ports
from taskgraph_core.servers.postgres import Postgres
from taskgraph_core.servers.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    Watch = Callable[[list[dict[str, Any]]], None]

T = TypeVar("T")

READY = 180.0
"""Longest time in seconds until the server must answer; a loaded machine takes half a minute."""

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")

SERVER_ERROR = 500

QUIET_FOR = 2.5
"""Seconds without news after which all is recorded; the server writes twice a second."""


class LocalPrefect:
    """A running Prefect server between ``with LocalPrefect(home) as prefect:`` and the end of the block.

    Attributes:
        home: its folder, which must be new.
        url: of its API.
        pages: the URL of its pages.
        api: the client of that API.
        environment: what its programs are told; for flows and other programs that belong to it.

    Args:
        home: see above.
        database: ``sqlite`` or ``postgresql``.
        with_pages: whether it shows its pages.
        extra: more environment variables, which win.
        program: Prefect's command; that of this environment by default.
    """

    def __init__(
        self,
        home: Path,
        *,
        database: str = "sqlite",
        with_pages: bool = False,
        extra: Mapping[str, str] | None = None,
        program: Path | None = None,
    ) -> None:
        self.home = home
        self._database = database
        self._with_pages = with_pages
        self._extra = dict(extra or {})
        self._program = program or Path(sys.executable).with_name("prefect")
        self._stack = ExitStack()
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Make its home and its database, start the server, and wait until it answers."""
        (self.home / "tmp").mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
            self.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        self._stack.close()

    def _prepare(self) -> None:
        url = ""
        if self._database != "sqlite":
            postgres = self._stack.enter_context(Postgres("prefect"))
            url = f"postgresql+asyncpg://{postgres.address}"
        (port,) = free_ports(1)
        own = settings(self.home, port=port, database_url=url, with_pages=self._with_pages)
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT")}
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled files halve the start of each program
        self.environment = inherited | own | self._extra
        self.url = self.environment["PREFECT_API_URL"]
        self.pages = self.url.removesuffix("/api")
        self.api = Prefect(self.url)
        words = {"server": [str(self._program), "server", "start"]}
        self._server = Programs(words, self.environment, self.home / "programs")
        self._stack.callback(self.stop)

    def start(self) -> None:
        """Start the server, again after ``stop``, and wait until it answers.

        Raises:
            EngineError: it does not.
        """
        self._server.start()
        last = time.monotonic() + READY
        while time.monotonic() < last:
            if ended := self._server.ended():
                msg = f"prefect server ended: {ended['server'].strip()[-500:]}"
                raise EngineError(msg, where=str(self.home))
            try:
                self.api.get("health")
            except ServiceError:
                time.sleep(0.2)
            else:
                return
        msg = f"Prefect was not ready within {READY:.0f} seconds"
        raise EngineError(msg, where=str(self.home), fix="see the folder 'programs' there")

    def stop(self) -> None:
        """End the server; workers and flows are not told."""
        self._server.end()

    def serve_pool(self, name: str) -> None:
        """Make a work pool of the type ``process`` and start a worker for it."""
        self.command("work-pool", "create", name, "--type", "process", "--overwrite")
        words = ["worker", "start", "--pool", name, "--type", "process", "--name", f"{name}-worker"]
        worker = Programs({f"worker-{name}": [str(self._program), *words]}, self.environment, self.home / "programs")
        self._stack.callback(worker.end)
        worker.start()

    def command(self, *arguments: str, cwd: Path | None = None) -> str:
        """Call Prefect's own command line; what it said.

        Raises:
            EngineError: it failed.
        """
        ended = subprocess.run(  # noqa: S603 - Prefect's own program
            [self._program, *arguments], env=self.environment, cwd=cwd, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            msg = f"prefect {' '.join(arguments)} failed: {(ended.stderr or ended.stdout).strip()[-500:]}"
            raise EngineError(msg, where=str(self.home))
        return ended.stdout

    def run_deployment(self, name: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Start a run of the deployment ``flow/deployment``; the flow run's id."""
        deployment = self.api.get("deployments", "name", *name.split("/", 1))
        body = {
            "parameters": dict(parameters or {}),
            "state": {"type": "SCHEDULED"},
            "idempotency_key": str(uuid4()),  # asked again, it is the same run
        }
        made = self._persistently(lambda: self.api.post("deployments", deployment["id"], "create_flow_run", body=body))
        run_id: str = made["id"]
        return run_id

    def until_ended(self, run_id: str, *, patience: float = 300.0, watch: Watch | None = None) -> dict[str, Any]:
        """The final state of a flow run: its ``type``, ``name`` and ``message``.

        Args:
            run_id: which run.
            patience: seconds to wait for it.
            watch: is shown the task runs at every look, as ``task_runs`` gives them.

        Raises:
            EngineError: it did not end within that many seconds.
        """
        last = time.monotonic() + patience
        while time.monotonic() < last:
            state: dict[str, Any] = self._persistently(lambda: self.api.get("flow_runs", run_id))["state"] or {}
            if watch is not None:
                watch(self.task_runs(run_id))
            if state.get("type") in FINAL:
                return state
            time.sleep(0.3)
        msg = f"the flow run {run_id} has not ended within {patience:.0f} seconds"
        raise EngineError(msg, where=str(self.home))

    def task_runs(self, run_id: str) -> list[dict[str, Any]]:
        """The task runs of a flow run, as far as the server knows them yet: it is told of them behind their backs."""
        return self._persistently(lambda: list(self.api.every("task_runs", flow_runs={"id": {"any_": [run_id]}})))

    def recorded(self, run_id: str, *, patience: float = 60.0) -> list[dict[str, Any]]:
        """The task runs of a flow run that has ended, in order of their starts, once the server knows the end of each.

        That is when all it knows of have ended and it has heard of nothing else for a while: nobody tells it how
        many there are. What never ends is given back as it stands when patience, in seconds, has run out.
        """
        last = time.monotonic() + patience
        known: list[dict[str, Any]] = []
        since = time.monotonic()
        while time.monotonic() < last:
            found = self.task_runs(run_id)
            if found != known:
                known, since = found, time.monotonic()
            if all(each["state_type"] in FINAL for each in known) and time.monotonic() - since > QUIET_FOR:
                break
            time.sleep(0.3)
        return sorted(known, key=lambda each: each["start_time"] or each["expected_start_time"] or "")

    def _persistently(self, ask: Callable[[], T]) -> T:
        """Ask again where Prefect's database was locked, which its API answers with 503."""
        for _ in range(5):
            try:
                return ask()
            except ServiceError as error:
                if error.status < SERVER_ERROR:
                    raise
                time.sleep(1)
        return ask()
