"""TaskGraph: what should happen, whichever system carries it out.

The neutral graph between every reader and every target. Frozen pydantic models, a JSON
round trip (``TaskGraph.model_validate_json(graph.model_dump_json()) == graph``), a
published JSON Schema (``taskgraph schema graph``), a ``schema_version`` and a content
fingerprint. It imports nothing of ours and knows no engine.

Durations are seconds, as floats. Text (titles, descriptions) is untrusted: whoever prints
it escapes it.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1

TriggerRule = Literal[
    "all_success",
    "all_failed",
    "all_done",
    "all_done_min_one_success",
    "all_skipped",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_failed_min_one_success",
    "none_skipped",
    "always",
]
"""When a task runs, given how its upstream tasks ended (``scheduler.decide`` says exactly)."""

Status = Literal["pending", "in-progress", "review", "done", "deferred", "blocked", "cancelled"]
"""Where the plan's authors say a task stands; it does not change what the graph does."""

Priority = Literal["low", "medium", "high", "critical"]

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1)]
Link = Annotated[
    str, Field(max_length=2_000, pattern=r"^https?://[^\s/?#<>\"{}|\\^`\x00-\x20\x7f][^\s<>\"{}|\\^`\x00-\x20\x7f]*$")
]
"""An address for people to follow: http or https, and none of the characters that no address may have."""


class Model(BaseModel):
    """Immutable, and strict about unknown fields: a typing mistake is not a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __copy__(self) -> Self:
        """Without what was derived from the fields, which ``model_copy`` is about to change."""
        twin = super().__copy__()
        for name in twin.__dict__.keys() - type(self).model_fields.keys():
            del twin.__dict__[name]
        return twin


# --- Actions: what a task does ---------------------------------------------------------


class Command(Model):
    """Run a program: ``argv`` without a shell, or ``shell`` as one line of ``/bin/sh``.

    Exit code 0 is success, 99 is skipped, anything else is a failure. ``env`` is added to
    the inherited environment. A relative ``cwd`` is relative to where the run was started.
    """

    kind: Literal["command"] = "command"
    argv: tuple[str, ...] = ()
    shell: str = ""
    cwd: str = ""
    env: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if bool(self.argv) == bool(self.shell):
            msg = "a command is either a list of arguments or a shell line, and not empty"
            raise ValueError(msg)
        return self


EntryPoint = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*$")]


class Python(Model):
    """Call ``entry_point`` (``package.module:function``) with ``kwargs``; what it returns is kept if JSON can hold it.

    A coroutine function runs on the event loop, a plain function in a thread, and with
    ``process`` in a process of its own, which can be killed and shares nothing.
    """

    kind: Literal["python"] = "python"
    entry_point: EntryPoint
    kwargs: dict[str, Any] = Field(default_factory=dict)
    process: bool = False


WaitKind = Literal["file", "http", "command", "time"]


class Wait(Model):
    """Wait for something outside the graph; succeed when it is there.

    ``what`` says how ``target`` is read: a ``file`` that exists, an ``http`` URL that answers
    2xx, a ``command`` (shell line) that exits 0, or a ``time``: an ISO 8601 instant with offset.
    It is asked after ``interval`` seconds, then after ``factor`` times as many, up to
    ``max_interval``; the task's own timeout bounds the wait.
    """

    kind: Literal["wait"] = "wait"
    what: WaitKind
    target: Name
    interval: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    max_interval: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 300.0


class Noop(Model):
    """Do nothing, successfully: a milestone, or the closing of a group."""

    kind: Literal["noop"] = "noop"


Action = Annotated[Command | Python | Wait | Noop, Field(discriminator="kind")]
Rollback = Annotated[Command | Python, Field(discriminator="kind")]


# --- What a task needs and how it is tried ---------------------------------------------


class Claim(Model):
    """What a task uses while it runs: ``slots`` of a counted resource, or a thing to ``read`` or ``write``."""

    resource: Name
    mode: Literal["slots", "read", "write"] = "slots"
    slots: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class Retry(Model):
    """How often a task is tried and how long it rests between attempts.

    The pause before attempt n + 1 is ``min(delay * factor ** (n - 1), max_delay)``, then
    stretched by a random share of at most ``jitter`` (0.1 is up to 10 % longer).
    """

    attempts: Annotated[int, Field(ge=1, le=1_000)] = 1
    delay: Seconds = 0.0
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    max_delay: Seconds = 3600.0
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.0


NOOP = Noop()
ONCE = Retry()


class Task(Model):
    """One node of the graph.

    ``group`` names the parent task whose work this is part of. ``estimate`` is the expected
    duration, for planning only. ``timeout`` bounds each attempt; None means no bound. ``links`` are addresses
    for people, by what they are called.
    """

    id: Name
    title: str = ""
    description: str = ""
    details: str = ""
    test_strategy: str = ""
    links: dict[Name, Link] = Field(default_factory=dict)
    status: Status = "pending"
    labels: tuple[str, ...] = ()
    group: str | None = None
    depends_on: tuple[str, ...] = ()
    trigger_rule: TriggerRule = "all_success"
    action: Action = NOOP
    claims: tuple[Claim, ...] = ()
    retry: Retry = ONCE
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    priority: Priority = "medium"
    estimate: Seconds = 0.0
    rollback: Rollback | None = None


# --- The graph ---------------------------------------------------------------------------


class Rate(Model):
    """At most ``amount`` starts in any ``seconds``: each start takes a token, which comes back that much later."""

    amount: Annotated[int, Field(ge=1, le=1_000_000)]
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Breaker(Model):
    """A circuit breaker: after ``failures`` attempts in a row that failed, none starts for ``open`` seconds.

    Then exactly one attempt probes: if it succeeds, the circuit closes, otherwise it opens again.
    """

    failures: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    open: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 60.0


class Resource(Model):
    """A named thing that tasks share: ``capacity`` slots (None: as many as wanted), a rate of starts, a breaker.

    Rate and breaker are for services outside: every attempt that claims the resource counts as one
    start for the rate, however many slots it claims, and its end counts for the breaker.
    ``shared`` says whether other runs and other graphs use the same thing; it matters where an
    engine can count across them.
    """

    name: Name
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    rate: Rate | None = None
    breaker: Breaker | None = None
    shared: bool = True


class Schedule(Model):
    """When a run starts: a five-field cron expression read in an IANA time zone."""

    cron: Name
    timezone: Name = "UTC"


class Policy(Model):
    """How one run behaves as a whole.

    Attributes:
        max_parallel: most tasks at the same time; None leaves it to the engine.
        on_failure: ``continue`` runs whatever does not depend on the failure, ``stop`` starts nothing new.
        failure_threshold: with ``continue``, start nothing new after this many failed tasks.
        failure_rate: with ``continue``, start nothing new once more than this share of the tasks that ran has
            failed; not before ten of them ended.
        max_memory: start nothing new while more than this share of the machine's memory is in use; 1 for no limit.
        max_load: start nothing new while the load average of one minute, per CPU, is above this.
        timeout: bound on the whole run.
        rollback: after a failed run, undo what succeeded.
    """

    max_parallel: Annotated[int, Field(ge=1)] | None = None
    on_failure: Literal["continue", "stop"] = "continue"
    failure_threshold: Annotated[int, Field(ge=1)] | None = None
    failure_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    max_memory: Annotated[float, Field(gt=0, le=1)] = 0.9
    max_load: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    rollback: bool = False


class TaskGraph(Model):
    """A whole plan, ready to be carried out.

    ``id`` names it in every engine (a DAG, a flow): ASCII letters, digits, ``-`` and ``_``.
    Being a ``TaskGraph`` means well-formed, not sound: ``rules.check_graph`` says whether
    every dependency exists and none goes in a circle.
    """

    schema_version: Literal[1] = 1
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    title: str = ""
    tasks: tuple[Task, ...] = ()
    resources: tuple[Resource, ...] = ()
    schedule: Schedule | None = None
    policy: Policy = Policy()

    @cached_property
    def by_id(self) -> dict[str, Task]:
        """Tasks by id, in the graph's order."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def groups(self) -> dict[str, list[Task]]:
        """Members of each group by the group's id, in the graph's order."""
        members: dict[str, list[Task]] = {}
        for task in self.tasks:
            if task.group is not None:
                members.setdefault(task.group, []).append(task)
        return members

    @cached_property
    def capacities(self) -> dict[str, int]:
        """Slots of each counted resource."""
        return {resource.name: resource.capacity for resource in self.resources if resource.capacity is not None}

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change when, and only when, what the graph does changes.

        ``status`` is left out: that a task was marked in progress does not change the work.
        """
        content = self.model_dump(mode="json", exclude={"tasks": {"__all__": {"status"}}}, exclude_defaults=True)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
