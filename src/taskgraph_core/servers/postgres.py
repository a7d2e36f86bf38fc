"""A PostgreSQL of its own on loopback, from the programs that the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Self

from taskgraph_core.errors import EngineError
from taskgraph_core.servers.ports import free_ports

if TYPE_CHECKING:
    from types import TracebackType


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest that is installed; None without any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda place: int(place.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Postgres:
    """A cluster with one empty database; ended, and forgotten, at the end of the ``with`` block.

    PostgreSQL refuses to run as root; then it runs as the user ``postgres``. It lies in a folder of its own
    below that of temporary files, because that user must be able to get there.

    Attributes:
        address: user, host, port and database, as they stand in a URL after ``postgresql://``.

    Raises:
        EngineError: no PostgreSQL is installed, or it does not start.
    """

    def __init__(self, database: str) -> None:
        self._database = database
        (self._port,) = free_ports(1)
        self.address = f"{database}@127.0.0.1:{self._port}/{database}"

    def __enter__(self) -> Self:
        """Make it and start it."""
        self.folder = Path(mkdtemp(prefix="postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data, log = self.folder / "data", self.folder / "log"
        initial = ["--auth=trust", f"--username={self._database}", "--encoding=UTF8", "--no-sync"]
        server = f"-p {self._port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c max_connections=200"
        there = ["-h", "127.0.0.1", "-p", str(self._port), "-U", self._database]
        try:
            self._call("initdb", *initial, str(data))
            self._call("pg_ctl", "--wait", "-D", str(data), "-l", str(log), "-o", server, "start")
            self._call("createdb", *there, self._database)
        except BaseException:
            with suppress(EngineError):  # it may not have come so far
                self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it at once, and remove its folder."""
        self._end()

    def _end(self) -> None:
        try:
            self._call("pg_ctl", "--wait", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, program: str, *arguments: str) -> None:
        folder = programs()
        if folder is None:
            msg = "no PostgreSQL is installed on this machine"
            raise EngineError(msg, fix="install the package postgresql, or use SQLite")
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        ended = subprocess.run(  # noqa: S603 - programs of the machine, and arguments of ours
            [*user, str(folder / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode:
            log = self.folder / "log"
            said = log.read_text(errors="replace") if log.exists() else ended.stderr
            msg = f"{program} failed: {said.strip()[-300:]}"
            raise EngineError(msg)
