"""DAG files of several sizes, read again and again in turn by a ``reader``: what that costs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Self

from on_airflow import graphs, writers

if TYPE_CHECKING:
    from types import TracebackType

CONTESTANTS = {
    "generated": writers.generated,
    "taskgraph_dag": writers.dynamic,
    "by hand": writers.by_hand,
    "dag-factory": writers.for_dag_factory,
}
NEEDS = {"taskgraph_dag": "airflow_provider.dynamic", "dag-factory": "dagfactory"}
"""The package without which a contestant does not take part."""

LONG = 5.0
"""A reading of so many seconds is not repeated: its ratio says it all."""


@dataclass(slots=True)
class Cost:
    """What one file costs: seconds of processor time, and megabytes.

    Attributes:
        size: bytes of everything that was written for it.
        seconds: of each kind of reading, in each repeat.
        megabytes: peak of a process that reads the whole DAG, less that of one that reads a DAG of one task.
    """

    size: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    megabytes: float = 0.0

    def of(self, kind: str) -> float:
        """The median."""
        return median(self.seconds[kind])


def whole(place: Path, _size: int) -> dict[str, Any]:
    """The whole DAG."""
    return {"place": str(place), "task_id": None, "check": False, "cached": True}


def processed(place: Path, size: int) -> dict[str, Any]:
    """The whole DAG, and what the DAG processor does with it besides."""
    return whole(place, size) | {"check": True}


def for_task(place: Path, size: int) -> dict[str, Any]:
    """For the run of a task in the middle."""
    return whole(place, size) | {"task_id": f"t{size // 2}"}


def for_task_uncached(place: Path, size: int) -> dict[str, Any]:
    """The same from a folder that cannot be written, where Python keeps no bytecode."""
    return for_task(place, size) | {"cached": False}


KINDS = {"whole": whole, "processed": processed, "task": for_task, "task, no .pyc": for_task_uncached}


class Reader:
    """A process that reads DAG files in children of its own; ended at the end of the ``with`` block."""

    def __init__(self, home: Path) -> None:
        told = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")}
        told |= {"AIRFLOW_HOME": str(home), "DO_NOT_TRACK": "1", "SCARF_NO_ANALYTICS": "1", "PYTHONHASHSEED": "0"}
        told["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = "600"  # Airflow gives up after 30 seconds; here all may end
        told.pop("PYTHONDONTWRITEBYTECODE", None)  # what keeps its bytecode keeps it by default
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reader.py"))],
            env=told,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ready = self._answer()
        self.absent: list[str] = ready["absent"]
        self.floor: float = ready["megabytes"]

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._process.communicate()

    def read(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What a reading cost.

        Raises:
            RuntimeError: Airflow could not read the file.
        """
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        found = self._answer()
        if "error" in found:
            msg = f"{asked['place']}: {found['error']}"
            raise RuntimeError(msg)
        return found

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            msg = "the process that reads DAG files has ended"
            raise RuntimeError(msg)
        found: dict[str, Any] = json.loads(line)
        return found


def measure(reader: Reader, size: int, folder: Path, repeats: int) -> dict[str, Cost]:
    """What a plan of that size costs each contestant.

    Raises:
        RuntimeError: their DAGs do not mean the same.
    """
    graph = graphs.layered(size)
    places, costs = {}, {}
    for name, write in CONTESTANTS.items():
        if NEEDS.get(name) not in reader.absent:
            home = folder / f"{size}" / name.replace(" ", "_")
            home.mkdir(parents=True)
            places[name] = write(graph, home)
            written = [place for place in home.iterdir() if not place.match("*.pools.json")]
            costs[name] = Cost(sum(place.stat().st_size for place in written))
    _compare({name: reader.read(whole(place, size))["meaning"] for name, place in places.items()})
    for kind, question in KINDS.items():
        for name, place in places.items():
            if "no .pyc" in kind:
                shutil.rmtree(place.parent / "__pycache__", ignore_errors=True)
            costs[name].seconds[kind] = []
        for _ in range(repeats):
            for name, place in places.items():
                times = costs[name].seconds[kind]
                if sum(times) < LONG:
                    found = reader.read(question(place, size))
                    times.append(found["seconds"])
                    if kind == "whole":
                        costs[name].megabytes = found["megabytes"] - reader.floor
    return costs


def _compare(meanings: dict[str, list[str]]) -> None:
    for name, meaning in meanings.items():
        for found, wanted in zip(meaning, meanings["by hand"], strict=True):
            if found != wanted:
                msg = f"the DAGs do not mean the same; {name}: {found}; by hand: {wanted}"
                raise RuntimeError(msg)
