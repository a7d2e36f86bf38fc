"""A PostgreSQL of its own on loopback, from the programs that the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

from airflow_provider.local.settings import free_ports
from taskgraph_core.errors import EngineError

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
    """A cluster in a new folder, with an empty database ``airflow``; ended at the end of the ``with`` block.

    PostgreSQL refuses to run as root; then it runs as the user ``postgres``, whose the folder becomes.

    Raises:
        EngineError: no PostgreSQL is installed, or it does not start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)

    @property
    def url(self) -> str:
        """Where it is, in SQLAlchemy's form."""
        return f"postgresql+psycopg2://airflow@127.0.0.1:{self.port}/airflow"

    def __enter__(self) -> Self:
        """Make it and start it."""
        self.folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data, log = self.folder / "data", self.folder / "log"
        self._call("initdb", "--auth=trust", "--username=airflow", "--encoding=UTF8", "--no-sync", str(data))
        server = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c max_connections=200"
        self._call("pg_ctl", "--wait", "-D", str(data), "-l", str(log), "-o", server, "start")
        self._call("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "airflow", "airflow")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it at once."""
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
