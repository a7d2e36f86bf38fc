"""A PostgreSQL of its own on loopback, from the programs that the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
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
    """A cluster in a new folder, with one empty database; ended at the end of the ``with`` block.

    PostgreSQL refuses to run as root; then it runs as the user ``postgres``, whose the folder becomes.
    It forgets what it has not written when the machine dies, which makes it faster.

    Attributes:
        address: user, host, port and database, as they stand in a URL after ``postgresql://``.

    Raises:
        EngineError: no PostgreSQL is installed, or it does not start.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self._database = database
        (self._port,) = free_ports(1)
        self.address = f"{database}@127.0.0.1:{self._port}/{database}"

    def __enter__(self) -> Self:
        """Make it and start it."""
        self.folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data, log = self.folder / "data", self.folder / "log"
        self._call("initdb", "--auth=trust", f"--username={self._database}", "--encoding=UTF8", "--no-sync", str(data))
        server = f"-p {self._port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c max_connections=200"
        try:
            self._call("pg_ctl", "--wait", "-D", str(data), "-l", str(log), "-o", server, "start")
            self._call("createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", self._database, self._database)
        except BaseException:
            with suppress(EngineError):  # it may not have come so far
                self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it at once."""
        self._end()

    def _end(self) -> None:
        self._call("pg_ctl", "--wait", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

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
            msg = f"{program} failed: {ended.stderr.strip()[-300:]}"
            raise EngineError(msg, where=str(self.folder), fix="see the file 'log' there")
