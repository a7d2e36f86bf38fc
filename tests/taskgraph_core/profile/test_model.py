from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from support.plans import HOSTILE, compiled, task
from taskgraph_core.errors import PlanError
from taskgraph_core.ir import Breaker, Command, Noop, Python, Rate, Resource, TaskGraph, Wait
from taskgraph_core.profile.model import Match, Profile, Settings


def test_a_profile_need_not_say_anything() -> None:
    profile = Profile.model_validate({})

    assert profile == Profile()
    assert (profile.subtask_references, profile.cancelled, profile.conflicts) == ("sibling", "satisfies", "lock")
    assert not any((profile.trust_plan_actions, profile.infer_files, profile.run.rollback))


def test_one_at_a_time_is_a_way_to_run() -> None:
    assert Profile.model_validate({"run": {"max_parallel": 1}}).run.max_parallel == 1


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ({"command": "make test"}, Command.model_validate({"shell": "make test"})),
        ({"command": ["make", "test"]}, Command(argv=("make", "test"))),
        ({"command": ["echo", ""]}, Command(argv=("echo", ""))),
        ({"python": "jobs.night:run"}, Python(entry_point="jobs.night:run")),
        ({"python": {"call": "jobs:run", "kwargs": {"n": 1}}}, Python(entry_point="jobs:run", kwargs={"n": 1})),
        ({"wait": {"file": "out", "every": "30s"}}, Wait(what="file", target="out", interval=30)),
        ({"wait": {"http": "http://x"}}, Wait(what="http", target="http://x")),
        ({"wait": {"command": "test -e x"}}, Wait(what="command", target="test -e x")),
        ({"wait": {"time": "2030-01-01T00:00:00Z"}}, Wait(what="time", target="2030-01-01T00:00:00Z")),
        ({"noop": True}, Noop()),
        ({"timeout": 5}, None),
    ],
)
def test_settings_name_an_action_or_none(written: dict[str, Any], action: object) -> None:
    assert Settings.model_validate(written).action() == action


@pytest.mark.parametrize(
    ("written", "undo"),
    [
        ("./undo.sh", Command.model_validate({"shell": "./undo.sh"})),
        (["undo", "1"], Command(argv=("undo", "1"))),
        ({"call": "jobs:undo"}, Python(entry_point="jobs:undo")),
    ],
)
def test_a_rollback_is_a_command_or_a_call(written: object, undo: object) -> None:
    assert Settings.model_validate({"rollback": written}).undo() == undo


@pytest.mark.parametrize(
    "written",
    [
        {"command": ""},
        {"command": "  "},
        {"command": []},
        {"command": [""]},
        {"command": ["", "a"]},
        {"command": ["a", 1]},
        {"command": 3},
        {"command": "a\0b"},
        {"command": ["a\0b"]},
        {"command": "a", "python": "b:c"},
        {"command": "a", "noop": True},
        {"noop": False},
        {"python": "no entry point"},
        {"python": "a:b\n"},
        {"python": "__import__('os').system:x"},
        {"python": {"call": "a:b", "kwargs": {"x": float("nan")}}},
        {"python": {"call": "a:b", "kwargs": {"x": {1, 2}}}},
        {"wait": {}},
        {"wait": {"file": ""}},
        {"wait": {"file": "a", "http": "b"}},
        {"wait": {"file": "a", "every": 0}},
        {"timeout": 0},
        {"timeout": "-5s"},
        {"timeout": "soon"},
        {"timeout": 1e300},
        {"estimate": 10**400},
        {"retry": {"attempts": 0}},
        {"retry": {"attempts": 10**6}},
        {"retry": {"attempts": 2, "factor": 0.5}},
        {"retry": {"attempts": 2, "jitter": 2}},
        {"claims": {"": 1}},
        {"claims": {"db": -1}},
        {"claims": {"db": 10**7}},
        {"claims": {"db": True}},
        {"claims": {"db": 1.5}},
        {"claims": {"db": "append"}},
        {"env": {"A=B": "c"}},
        {"env": {"": "c"}},
        {"env": {"A": "c\0"}},
        {"env": {"A": 3}},
        {"cwd": "a\0"},
        {"rollback": ""},
        {"rollback": {"call": "nothing"}},
        {"trigger_rule": "sometimes"},
        {"priority": "urgent"},
    ],
)
def test_settings_that_no_engine_could_carry_out_are_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(written)


@pytest.mark.parametrize(
    "written",
    [
        {"run": {"timeout": 0}},
        {"run": {"max_parallel": 0}},
        {"run": {"failure_threshold": 0}},
        {"run": {"on_failure": "retry"}},
        {"resources": {"": 1}},
        {"resources": {"db": 0}},
        {"graph": {"id": ""}},
        {"graph": {"id": "a b"}},
        {"graph": {"id": "x" * 101}},
        {"graph": {"id": "a\n"}},
        {"graph": {"schedule": {"cron": ""}}},
        {"graph": {"schedule": {"cron": "* * * * *", "timezone": ""}}},
        {"rules": [{"command": "x"}]},
        {"rules": [{"match": {}}]},
        {"rules": [{"match": {"id": []}}]},
        {"rules": [{"match": {"status": []}}]},
        {"rules": [{"match": {"priority": []}}]},
        {"rules": [{"match": {"status": "later"}}]},
        {"subtask_references": "both"},
    ],
)
def test_a_profile_that_no_engine_could_carry_out_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate(written)


def test_a_retry_that_says_nothing_is_no_retry() -> None:
    retry = Settings.model_validate({"retry": {"delay": "5s"}}).retry

    assert (retry.attempts, retry.delay, retry.factor, retry.max_delay, retry.jitter) == (1, 5.0, 1.0, 3600.0, 0.0)


def test_one_pattern_and_a_list_of_patterns_are_written_the_same_way() -> None:
    assert Match(id="5") == Match(id=["5"])  # type: ignore[arg-type]
    assert Match(status="done", priority=["low", "high"]).status == ("done",)  # type: ignore[arg-type]


# --- law ----------------------------------------------------------------------------------

DURATIONS = st.sampled_from(["5m", 0, 1.5, "1h30m", 10**400, 1e308, -1])
COMMANDS = st.sampled_from(["true", ["true", ""], "a\0b", [""], 3])
CALLS = st.sampled_from(
    ["a:b", {"call": "a.b:c", "kwargs": {"n": [1, {"x": None}]}}, {"call": "a:b", "kwargs": {"n": 1e400}}]
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "command": COMMANDS,
        "python": CALLS,
        "wait": st.fixed_dictionaries({"file": st.sampled_from(["out", "", "a\nb"])}, optional={"every": DURATIONS}),
        "noop": st.booleans(),
        "cwd": st.sampled_from(["", "x", *HOSTILE[:7]]),
        "env": st.dictionaries(st.sampled_from(["A", "A=B", ""]), st.sampled_from(HOSTILE[:9]), max_size=1),
        "claims": st.dictionaries(
            st.sampled_from(["db", "", "a b"]), st.sampled_from([0, 2, 10**7, "write"]), max_size=2
        ),
        "retry": st.fixed_dictionaries(
            {"attempts": st.integers(0, 3)}, optional={"delay": DURATIONS, "max_delay": DURATIONS}
        ),
        "timeout": DURATIONS,
        "trigger_rule": st.sampled_from(["all_done", "one_failed", "never"]),
        "estimate": DURATIONS,
        "rollback": st.one_of(COMMANDS, CALLS),
    },
)
RUN = st.fixed_dictionaries({}, optional={"timeout": DURATIONS, "max_parallel": st.integers(0, 2)})


@given(SETTINGS, SETTINGS, RUN, st.dictionaries(st.sampled_from(["db", "", "a b"]), st.integers(0, 2), max_size=2))
def test_a_profile_that_is_accepted_can_be_carried_out(
    defaults: dict[str, Any], rule: dict[str, Any], run: dict[str, Any], resources: dict[str, Any]
) -> None:
    """Whatever is wrong with it is said when it is read, never later."""
    profile: dict[str, Any] = {}
    for part in (
        {"defaults": defaults},
        {"rules": [{"match": {"id": "1*"}, **rule}]},
        {"run": run},
        {"resources": resources},
    ):
        try:
            Profile.model_validate(part)
        except ValidationError:
            continue
        profile |= part
    try:
        graph = compiled(task(1, task(1), complexity=10), task(2), profile=profile).graph
    except PlanError:
        return
    assert TaskGraph.model_validate_json(graph.model_dump_json()) == graph


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [
        ("10/min", 10, 60.0),
        ("1/30s", 1, 30.0),
        ("5 per hour", 5, 3600.0),
        ("2 / 2 days", 2, 172_800.0),
        ("3/S", 3, 1.0),
    ],
)
def test_a_rate_is_a_number_of_starts_in_a_time(text: str, amount: int, seconds: float) -> None:
    settings = Profile.model_validate({"resources": {"api": {"rate": text}}}).resources["api"]

    assert settings.resource("api") == Resource(name="api", rate=Rate(amount=amount, seconds=seconds))


@pytest.mark.parametrize("rate", ["fast", "10", "0/min", "-1/min", "10/fortnight", 10, {"amount": 1}])
def test_what_is_no_rate_is_refused(rate: object) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate({"resources": {"api": {"rate": rate}}})


def test_a_resource_is_its_slots_or_a_table_of_what_bounds_it() -> None:
    profile = Profile.model_validate({"resources": {"db": 2, "api": {"breaker": {"open": "30s"}}}})

    assert [settings.resource(name) for name, settings in profile.resources.items()] == [
        Resource(name="db", capacity=2),
        Resource(name="api", breaker=Breaker(failures=5, open=30.0)),
    ]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "ftp://a", "https://", "https:///x", "https://a b", "http://a>", ""]
)
def test_a_link_is_the_address_of_a_page(link: str) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate({"defaults": {"links": {"runbook": link}}})


def test_resources_are_shared_until_somebody_says_otherwise() -> None:
    resources = Profile.model_validate({"resources": {"db": 2, "own": {"slots": 1, "shared": False}}}).resources

    assert [settings.resource(name).shared for name, settings in resources.items()] == [True, False]
