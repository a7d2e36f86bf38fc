"""What an attempt needs to know, wherever it is carried out: one text, complete in itself."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from prefect_integration.names import printable
from taskgraph_core.engine.attempt import Call
from taskgraph_core.engine.single.attempt import Origin
from taskgraph_core.ir import Action, Command, Noop, Python, Task, Wait


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt.

    Attributes:
        task: the task's fields.
        number: which attempt it is.
        graph_id: of the plan.
        run_id: the flow run's.
        project: folder that commands run in and modules are found in.
        exchange: where the attempt hears that it has to end.
        undo: whether it is the task's rollback that is to be carried out.
        tags: added once the task run has begun.
        slots: taken of the server's limits, by the limit's name.
        rates: whose tokens are taken: seconds between two of them, by the limit's name.
        dry_run: only say what would be done.
    """

    task: dict[str, Any]
    number: int
    graph_id: str
    run_id: str
    project: str = ""
    exchange: str = ""
    undo: bool = False
    tags: list[str] = field(default_factory=list)
    slots: dict[str, int] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    dry_run: bool = False

    @property
    def text(self) -> str:
        """As JSON; not the model's own, which turns NaN among the arguments of a function into null."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def read(cls, text: str) -> Self:
        """The order that a text holds."""
        return cls(**json.loads(text))

    @property
    def key(self) -> str:
        """Names the attempt among all of its run."""
        return attempt_key(self.task["id"], self.number, undo=self.undo)

    @property
    def call(self) -> Call:
        """The same in the core's words."""
        return Call(Task.model_validate(self.task), self.number, self.undo)

    @property
    def origin(self) -> Origin:
        """The run, in the core's words."""
        return Origin(self.graph_id, self.run_id, Path(self.project))


def attempt_key(task_id: str, number: int, *, undo: bool) -> str:
    """See ``Order.key``; it holds no line break."""
    return json.dumps([undo, number, task_id])


def in_words(action: Action) -> str:
    """What carrying it out would do, on one line, for a dry run."""
    match action:
        case Command():
            text = f"run {shlex.join(action.argv) if action.argv else action.shell}"
        case Python():
            text = f"call {action.entry_point}"
        case Wait():
            text = f"wait for {action.what} {action.target}"
        case Noop():
            text = "do nothing"
    return printable(text.replace("\n", " "))
