"""RunRecord: what happened, in the same words whichever system ran the graph.

The local engine writes one; adapters read one out of a live Airflow or Prefect. Reports,
comparison and sync know only this. It imports nothing of ours. Times are seconds since the
epoch (UTC), as floats.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

RECORD_VERSION = 1

TaskState = Literal["success", "failed", "skipped", "upstream_failed", "cancelled"]
RunState = Literal["success", "failed"]
Undo = Literal["undone", "failed"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    _fields: ClassVar[set[str]]

    def __copy__(self) -> Self:
        """Without what was derived from the fields, which ``model_copy`` is about to change."""
        twin = super().__copy__()
        for name in twin.__dict__.keys() - type(self).model_fields.keys():
            del twin.__dict__[name]
        return twin

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Remember which fields there are: one set for all that ``trusted`` makes."""
        cls._fields = set(cls.model_fields)

    @classmethod
    def trusted(cls, fields: dict[str, Any]) -> Self:
        """Made of *all* fields in their order, without validation, by who makes thousands and knows they are right.

        It takes a third of the time and leaves less behind; ``model_construct`` takes more than validation.
        """
        model = cls.__new__(cls)
        put = object.__setattr__
        put(model, "__dict__", fields)
        put(model, "__pydantic_fields_set__", cls._fields)
        put(model, "__pydantic_extra__", None)
        put(model, "__pydantic_private__", None)
        return model


class Attempt(_Model):
    """One try of a task.

    ``exit_code`` is None where no process ended by itself (python actions, timeouts);
    ``error`` is one line, empty on success; ``worker`` says where it ran. ``cpu_seconds`` and
    ``peak_memory`` (bytes) are those of the program and what it waited for, None where nobody
    measured them. ``result`` is what a Python function returned, None if JSON cannot hold it.
    """

    number: int = Field(ge=1)
    started: float
    ended: float
    outcome: Literal["success", "failed", "skipped", "cancelled"]
    exit_code: int | None = None
    error: str = ""
    worker: str = ""
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    result: Any = None

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return self.ended - self.started


class TaskRecord(_Model):
    """How one task ended, with every attempt; ``undo`` says how its rollback went, if one was due.

    Attempts are numbered on when a run is resumed; one that was under way when the engine died is ``cancelled``.
    """

    id: str
    state: TaskState
    attempts: tuple[Attempt, ...] = ()
    undo: Undo | None = None
    undo_attempts: tuple[Attempt, ...] = ()

    @property
    def undo_error(self) -> str:
        """Why the last attempt at its rollback failed; empty if none did."""
        return self.undo_attempts[-1].error if self.undo_attempts else ""


class RunRecord(_Model):
    """One run of one graph.

    ``fingerprint`` is the graph's, so that a record is never read against another plan.
    A run is ``failed`` when any task failed or was cancelled. ``stopped`` says why it was ended
    before its time, if it was; ``resumed`` when it went on after an interruption.
    """

    record_version: Literal[1] = 1
    run_id: str
    graph_id: str
    fingerprint: str
    system: str
    state: RunState
    started: float
    ended: float
    stopped: str = ""
    resumed: tuple[float, ...] = ()
    tasks: tuple[TaskRecord, ...] = Field(default=(), repr=False)  # asyncio formats what a main coroutine returns

    @cached_property
    def by_id(self) -> dict[str, TaskRecord]:
        """Task records by id."""
        return {task.id: task for task in self.tasks}

    @property
    def states(self) -> dict[str, TaskState]:
        """Final state of every task."""
        return {task.id: task.state for task in self.tasks}

    @property
    def seconds(self) -> float:
        """Wall time of the run."""
        return self.ended - self.started

    def summary(self) -> dict[str, object]:
        """The last line of ``run --format json``."""
        return {
            "run_id": self.run_id,
            "state": self.state,
            "states": dict(self.states),
            "seconds": round(self.seconds, 3),
        }
