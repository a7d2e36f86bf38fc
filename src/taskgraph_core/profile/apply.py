"""What a profile says about one task: defaults, matching rules and the plan's own override, folded.

Tasks that match the same rules share the same answer, so a large plan costs little more than
its distinct combinations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Any

from taskgraph_core.ir import Claim, Command, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskgraph_core.ir import Action, Rollback
    from taskgraph_core.profile.model import Match, Profile, Settings
    from taskgraph_core.taskmaster.plan import Entry


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a task is carried out.

    ``fields`` are arguments of ``ir.Task``; ``estimate`` is None where only the default estimate
    applies, which the caller scales; ``has_action`` tells a chosen no-op from none at all.
    """

    fields: dict[str, Any]
    estimate: float | None
    has_action: bool


class Treatments:
    """Answers for the entries of one plan; ``matched`` collects the numbers of rules that applied."""

    def __init__(self, profile: Profile, tag: str) -> None:
        self._profile = profile
        self._rules = [(number, _predicate(rule.match, tag)) for number, rule in enumerate(profile.rules)]
        self._known: dict[tuple[bool, tuple[int, ...]], Treatment] = {}
        self.matched: set[int] = set()

    def of(self, entry: Entry, override: Settings | None = None) -> Treatment:
        """How one entry is carried out."""
        numbers = tuple([number for number, matches in self._rules if matches(entry)]) if self._rules else ()
        key = (bool(entry.subtasks), numbers)
        if override is None and (known := self._known.get(key)) is not None:
            return known
        self.matched.update(numbers)
        chosen: list[Settings] = [self._profile.rules[number] for number in numbers]
        if override is not None:
            chosen.append(override)
        treatment = self._fold(chosen, is_group=bool(entry.subtasks))
        if override is None:
            self._known[key] = treatment
        return treatment

    def _fold(self, chosen: list[Settings], *, is_group: bool) -> Treatment:
        """A group without an action of its own only closes: of the defaults nothing is meant for it."""
        defaults = self._profile.defaults
        closes = is_group and not any(settings.action() for settings in chosen)
        layers = chosen if closes else [defaults, *chosen]
        action: Action | None = None
        rollback: Rollback | None = None
        env: dict[str, str] = {}
        claims: dict[str, int | str] = {}
        links: dict[str, str] = {}
        fields: dict[str, Any] = {}
        estimate: float | None = None
        for settings in layers:
            if not (is_group and settings is defaults):
                action = settings.action() or action
            rollback = settings.undo() or rollback
            env |= settings.env
            claims |= settings.claims
            links |= settings.links
            written = settings.model_fields_set
            if "retry" in written:
                fields["retry"] = Retry(**settings.retry.model_dump())
            for name in ("cwd", "timeout", "trigger_rule", "priority"):
                if name in written and getattr(settings, name) is not None:
                    fields[name] = getattr(settings, name)
            if settings is not defaults and settings.estimate is not None:
                estimate = settings.estimate
        cwd = fields.pop("cwd", "")
        if action is not None:
            fields["action"] = _placed(action, cwd, env)
        if rollback is not None:
            fields["rollback"] = _placed(rollback, cwd, env)
        if claims:
            fields["claims"] = tuple(_claim(name, amount) for name, amount in claims.items() if amount != 0)
        fields |= {"links": links} if links else {}
        return Treatment(fields, estimate, action is not None or is_group)


def _placed(action: Any, cwd: str, env: dict[str, str]) -> Any:  # noqa: ANN401 - any action, the same one back
    return action.model_copy(update={"cwd": cwd, "env": env}) if isinstance(action, Command) else action


def _claim(name: str, amount: int | str) -> Claim:
    return (
        Claim(resource=name, slots=amount)
        if isinstance(amount, int)
        else Claim.model_validate({"resource": name, "mode": amount})
    )


def _predicate(match: Match, tag: str) -> Callable[[Entry], bool]:
    tests: list[Callable[[Entry], bool]] = []
    if match.id is not None:
        ids = _globs(match.id)
        tests.append(lambda entry: ids.fullmatch(entry.id) is not None)
    if match.status is not None:
        statuses = frozenset(match.status)
        tests.append(lambda entry: entry.status in statuses)
    if match.priority is not None:
        priorities = frozenset(match.priority)
        tests.append(lambda entry: entry.priority in priorities)
    if match.title is not None:
        titles = _globs(match.title, re.IGNORECASE)
        tests.append(lambda entry: titles.fullmatch(entry.title) is not None)
    if match.tag is not None:
        tags = _globs(match.tag)
        tests.append(lambda entry: any(tags.fullmatch(label) for label in (tag, *entry.labels)))
    return lambda entry: all(test(entry) for test in tests)


def _globs(patterns: Sequence[str], flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns), flags)
