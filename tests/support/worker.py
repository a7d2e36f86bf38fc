"""Jobs as a worker has them, in this process: our package is made again, under its name on workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from taskgraph_core.engine.remote.package import by_value, package

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Words:
    """What the engine says, as a test wants it."""

    says: str = "go"
    first: str = "go"
    seconds: float = 60.0
    asked: list[str] = field(default_factory=list)

    def begin(self) -> str:
        return self.first

    def word(self) -> str:
        return self.says

    def left(self) -> float:
        return self.seconds


@dataclass
class Worker:
    """Carries out orders in a project."""

    project: Path
    words: Words

    def do(self, **order: Any) -> dict[str, Any]:
        whole = {
            "key": "key",
            "lease": 60.0,
            "grace": 0.3,
            "limit": 10_000,
            "project": str(self.project),
            "variables": {},
            "task": b"{}",
            "command": None,
            "function": None,
            "process": True,
            **order,
        }
        found: dict[str, Any] = on_worker("engine.remote.worker.job:carry_out", whole, self.words, "host/1")
        return found

    def line(self, text: str, **order: Any) -> dict[str, Any]:
        return self.do(command={"argv": ["/bin/sh", "-c", text], "cwd": ""}, **order)


def on_worker(function: str, *arguments: Any) -> Any:
    return by_value("entry", "enter")(*package(), function, *arguments)
