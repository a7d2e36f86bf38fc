"""Programs that run flows for a Prefect, one or several at the same time, and what their tasks wrote down."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from on_prefect import graphs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from prefect_integration.local import LocalPrefect

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a flow.

    Attributes:
        file: of the flow.
        run_id: of the flow run.
        function: seconds that the flow's function took, without what Prefect does before and after.
        total: seconds of the call of the flow.
        processor: seconds of processor time.
        megabytes: the process's peak up to then.
    """

    file: str
    run_id: str
    function: float
    total: float
    processor: float
    megabytes: float


@dataclass(slots=True)
class Driver:
    """A program that runs flows of files in turn; started when it is made, ended by ``with`` at the latest.

    Args:
        prefect: where.
        files: of the flows.
        runner: name of the task runner, as ``drive.py`` knows it.
        workers: of the task runner.
        repeats: of each flow.
        times: where tasks write their times; nowhere by default.
    """

    prefect: LocalPrefect
    files: Iterable[Path]
    runner: str = "threads"
    workers: int = graphs.WORKERS
    repeats: int = 1
    times: Path | None = None
    seconds: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _folder: Path = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Start."""
        self._folder = Path(tempfile.mkdtemp(dir=self.prefect.home.parent))
        files = list(self.files)
        # Where workers of other processes find the flows' modules.
        told = self.prefect.environment | {"PYTHONPATH": str(files[0].parent), "LC_ALL": "C"}
        told |= {"RAY_DEDUP_LOGS": "0"} | ({graphs.TIMES: str(self.times)} if self.times else {})
        words = [str(self._folder / "answers"), self.runner, str(self.workers), str(self.repeats), *map(str, files)]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("drive.py")), *words],
                cwd=self._folder,
                env=told,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program, if it has not ended."""
        self._process.terminate()
        self._process.wait()

    def ended(self) -> list[Run]:
        """Wait for its end; all runs. ``seconds`` is then what the whole program took.

        Raises:
            RuntimeError: it failed.
        """
        code = self._process.wait()
        self.seconds = time.monotonic() - self._started
        if code:
            msg = f"a program that runs flows failed: {(self._folder / 'log').read_text()[-2000:]}"
            raise RuntimeError(msg)
        return [Run(**json.loads(line)) for line in (self._folder / "answers").read_text().splitlines()]


def written(times: Path) -> list[tuple[str, Interval]]:
    """The tasks that wrote down their times, and from when until when."""
    found = []
    for place in times.iterdir():
        task_id, *moments = place.read_text().split()
        begun, ended = (datetime.fromtimestamp(float(moment), UTC) for moment in moments)
        found.append((task_id, (begun, ended)))
    return found


def span(intervals: Iterable[Interval]) -> float:
    """Seconds from the first start to the last end."""
    known = list(intervals)
    return (max(end for _, end in known) - min(start for start, _ in known)).total_seconds()
