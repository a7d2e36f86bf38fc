"""What may stand in ``taskgraph.toml``, key by key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import from_json, to_json

from taskgraph_core import duration
from taskgraph_core.ir import (
    Action,
    Breaker,
    Command,
    EntryPoint,
    Link,
    Name,
    Noop,
    Priority,
    Python,
    Rate,
    Resource,
    Rollback,
    Status,
    TriggerRule,
    Wait,
    WaitKind,
)

Duration = Annotated[float, BeforeValidator(duration.parse)]
PositiveDuration = Annotated[Duration, Field(gt=0)]
_OneOrMore = BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
Patterns = Annotated[tuple[str, ...], _OneOrMore, Field(min_length=1)]
Statuses = Annotated[tuple[Status, ...], _OneOrMore, Field(min_length=1)]
Priorities = Annotated[tuple[Priority, ...], _OneOrMore, Field(min_length=1)]

PLAN_MAY_NOT_SET = ("command", "python", "wait", "rollback", "env", "cwd")
"""Keys that decide what is executed; the plan itself may set them only if the profile trusts it."""


class Section(BaseModel):
    """Base of every table: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RetrySettings(Section):
    """``retry = { attempts = 3, delay = "10s", factor = 2, max_delay = "5m", jitter = 0.1 }``."""

    attempts: Annotated[int, Field(ge=1, le=1_000)] = 1
    delay: Duration = 0.0
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    max_delay: Duration = 3600.0
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.0


def _json(value: dict[str, Any]) -> dict[str, Any]:
    nested = [[[[[[[[value]]]]]]]]  # at least as deep as it will stand in a graph
    try:
        survives = from_json(to_json(nested, inf_nan_mode="null")) == nested
    except ValueError:
        survives = False
    if not survives:
        msg = "arguments are text, finite numbers, true, false, lists and tables, and not nested deeply"
        raise ValueError(msg)
    return value


class PythonSettings(Section):
    """``python = { call = "package.module:function", kwargs = { … } }``, or just the text of ``call``."""

    call: EntryPoint
    kwargs: Annotated[dict[str, Any], AfterValidator(_json)] = Field(default_factory=dict)
    process: bool = False

    def action(self) -> Python:
        """The action these settings name."""
        return Python(entry_point=self.call, kwargs=self.kwargs, process=self.process)


class WaitSettings(Section):
    """``wait = { file = "…", every = "30s", factor = 2, max_every = "5m" }``: one of file, http, command and time."""

    file: Name | None = None
    http: Name | None = None
    command: Name | None = None
    time: Name | None = None
    every: PositiveDuration = 5.0
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    max_every: PositiveDuration = 300.0

    @model_validator(mode="after")
    def _one_thing(self) -> WaitSettings:
        if sum(value is not None for value in (self.file, self.http, self.command, self.time)) != 1:
            msg = "wait for exactly one of file, http, command and time"
            raise ValueError(msg)
        return self

    def action(self) -> Wait:
        """The action these settings name."""
        kinds: tuple[WaitKind, ...] = get_args(WaitKind)
        what, target = next((kind, target) for kind in kinds if (target := getattr(self, kind)))
        return Wait(
            what=what,
            target=target,
            interval=self.every,
            factor=self.factor,
            max_interval=max(self.every, self.max_every),
        )


def _command(value: object) -> object:
    parts = (value,) if isinstance(value, str) else value
    if (
        isinstance(parts, list | tuple)
        and all(isinstance(part, str) and "\0" not in part for part in parts)
        and any(part.strip() for part in parts[:1])
    ):
        return value if isinstance(value, str) else tuple(parts)
    msg = 'a command is a shell line ("make test") or a list of arguments (["make", "test"]), and not empty'
    raise ValueError(msg)


CommandText = Annotated[str | tuple[str, ...], BeforeValidator(_command)]
PythonText = Annotated[
    PythonSettings, BeforeValidator(lambda value: {"call": value} if isinstance(value, str) else value)
]


def _amount(value: object) -> object:
    if value in ("read", "write") or (
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000
    ):
        return value
    msg = "a claim is 'read', 'write', or a number of slots up to a million"
    raise ValueError(msg)


Amount = Annotated[int | Literal["read", "write"], BeforeValidator(_amount)]
RollbackText = Annotated[
    Annotated[CommandText, Tag("command")] | Annotated[PythonSettings, Tag("python")],
    Discriminator(lambda value: "python" if isinstance(value, dict | PythonSettings) else "command"),
]
Variable = Annotated[str, Field(pattern=r"^[^=\x00]+$")]
PlainText = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Settings(Section):
    """How a task is carried out; the body of ``[defaults]``, of a rule and of an override.

    Only what is written counts: ``model_fields_set`` tells it from the defaults.
    """

    command: CommandText | None = None
    python: PythonText | None = None
    wait: WaitSettings | None = None
    noop: Literal[True] | None = None
    cwd: PlainText = ""
    env: dict[Variable, PlainText] = Field(default_factory=dict)
    claims: dict[Name, Amount] = Field(default_factory=dict)
    retry: RetrySettings = RetrySettings()
    timeout: PositiveDuration | None = None
    trigger_rule: TriggerRule = "all_success"
    priority: Priority | None = None
    estimate: Duration | None = None
    rollback: RollbackText | None = None
    links: dict[Name, Link] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_action(self) -> Settings:
        named = [name for name in ("command", "python", "wait", "noop") if getattr(self, name) is not None]
        if len(named) > 1:
            msg = f"a task does one thing: choose between {' and '.join(named)}"
            raise ValueError(msg)
        return self

    def action(self) -> Action | None:
        """The action these settings name, if they name one, without environment and folder."""
        if self.command is not None:
            return _as_command(self.command)
        if self.python is not None:
            return self.python.action()
        if self.wait is not None:
            return self.wait.action()
        return Noop() if self.noop else None

    def undo(self) -> Rollback | None:
        """The rollback these settings name, if they name one."""
        if self.rollback is None:
            return None
        if isinstance(self.rollback, PythonSettings):
            return self.rollback.action()
        return _as_command(self.rollback)


def _as_command(text: str | tuple[str, ...]) -> Command:
    return Command(shell=text) if isinstance(text, str) else Command(argv=text)


class Match(Section):
    """Which tasks a rule is for: all of what is named must fit; a list means any of its items.

    ``id``, ``title`` and ``tag`` are glob patterns (title without regard to case); a tag is one of
    the task's own tags or the tag of the list it stands in.
    """

    id: Patterns | None = None
    title: Patterns | None = None
    status: Statuses | None = None
    priority: Priorities | None = None
    tag: Patterns | None = None

    @model_validator(mode="after")
    def _something(self) -> Match:
        if not self.model_fields_set:
            msg = "a rule matches something; what is meant for every task belongs into [defaults]"
            raise ValueError(msg)
        return self


class Rule(Settings):
    """One of the ordered ``[[rules]]``; a later one wins over an earlier one, key by key."""

    match: Match


class ScheduleSettings(Section):
    """``schedule = { cron = "0 2 * * *", timezone = "Europe/Oslo" }``."""

    cron: Name
    timezone: Name = "UTC"


class GraphSettings(Section):
    """``[graph]``: the graph's name in every engine, and when it runs."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")] | None = None
    title: str | None = None
    schedule: ScheduleSettings | None = None


_RATE = re.compile(r"(\d+)\s*(?:/|per)\s*(\d*)\s*(s|sec|second|m|min|minute|h|hour|d|day)s?", re.IGNORECASE)


def _rate(value: object) -> object:
    """``"10/min"``, ``"1/30s"``, ``"5 per hour"``."""
    if isinstance(value, str) and (found := _RATE.fullmatch(value.strip())):
        return Rate(amount=int(found[1]), seconds=duration.parse(f"{found[2] or 1}{found[3][0].lower()}"))
    msg = 'a rate is a number of starts in a time, such as "10/min" or "1/30s"'
    raise ValueError(msg)


class BreakerSettings(Section):
    """``breaker = { failures = 5, open = "1m" }``."""

    failures: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    open: PositiveDuration = 60.0


class ResourceSettings(Section):
    """``api = { slots = 4, rate = "10/min", breaker = { failures = 5, open = "1m" }, shared = true }``, or slots."""

    slots: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    rate: Annotated[Rate, BeforeValidator(_rate)] | None = None
    breaker: BreakerSettings | None = None
    shared: bool = True

    def resource(self, name: str) -> Resource:
        """The resource of that name in a graph."""
        breaker = None if self.breaker is None else Breaker(failures=self.breaker.failures, open=self.breaker.open)
        return Resource(name=name, capacity=self.slots, rate=self.rate, breaker=breaker, shared=self.shared)


def _resource(value: object) -> object:
    return {"slots": value} if isinstance(value, int) and not isinstance(value, bool) else value


class RunSettings(Section):
    """``[run]``: how a run behaves as a whole."""

    max_parallel: Annotated[int, Field(ge=1)] | None = None
    on_failure: Literal["continue", "stop"] = "continue"
    failure_threshold: Annotated[int, Field(ge=1)] | None = None
    failure_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    max_memory: Annotated[float, Field(gt=0, le=1)] = 0.9
    max_load: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    timeout: PositiveDuration | None = None
    rollback: bool = False


class Profile(Section):
    """The whole of ``taskgraph.toml``.

    Attributes:
        trust_plan_actions: commands written in the plan itself may be executed.
        subtask_references: what a bare number on a subtask means first (see ``taskmaster.plan``).
        cancelled: whether a cancelled task satisfies what depends on it, or blocks it.
        conflicts: what to do about unordered tasks that write the same thing: ``lock`` keeps them apart
            at run time, ``order`` adds an edge, ``error`` refuses the plan.
        infer_files: files a task names in its details count as written by it.
    """

    trust_plan_actions: bool = False
    subtask_references: Literal["sibling", "task", "earlier-sibling"] = "sibling"
    cancelled: Literal["satisfies", "blocks"] = "satisfies"
    conflicts: Literal["lock", "order", "error"] = "lock"
    infer_files: bool = False
    graph: GraphSettings = GraphSettings()
    run: RunSettings = RunSettings()
    resources: dict[Name, Annotated[ResourceSettings, BeforeValidator(_resource)]] = Field(default_factory=dict)
    defaults: Settings = Settings()
    rules: tuple[Rule, ...] = ()
