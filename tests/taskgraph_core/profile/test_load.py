from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.errors import ProfileError
from taskgraph_core.profile.load import find_profile, load_profile
from taskgraph_core.profile.model import ResourceSettings
from taskgraph_core.taskmaster.locate import locate

if TYPE_CHECKING:
    from pathlib import Path

    from taskgraph_core.profile.model import Profile


def load(folder: Path, text: str | bytes) -> Profile:
    path = folder / "taskgraph.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_profile(path)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ProfileError) as error:
        load(folder, text)
    assert error.value.where == str(folder / "taskgraph.toml")
    return error.value.what


EXAMPLE = """
[graph]
id = "nightly"
schedule = { cron = "0 2 * * *", timezone = "Europe/Oslo" }

[run]
max_parallel = 4
on_failure = "continue"
rollback = true

[resources]
db = 2

[defaults]
command = ["./do-task.sh"]
retry = { attempts = 3, delay = "10s", factor = 2, max_delay = "5m", jitter = 0.1 }
timeout = "30m"

[[rules]]
match = { id = "5.*", priority = "high" }
command = "make deploy"
claims = { db = 1, "file:build/out" = "write" }
trigger_rule = "all_done"
rollback = ["./undo.sh"]
"""


def test_a_profile_is_read_key_by_key(tmp_path: Path) -> None:
    profile = load(tmp_path, EXAMPLE)

    assert profile.graph.id == "nightly"
    assert profile.run.max_parallel == 4
    assert profile.resources == {"db": ResourceSettings(slots=2)}
    assert (profile.defaults.command, profile.defaults.timeout) == (("./do-task.sh",), 1800.0)
    assert (profile.defaults.retry.attempts, profile.defaults.retry.max_delay) == (3, 300.0)
    assert profile.rules[0].match.id == ("5.*",)
    assert profile.rules[0].claims == {"db": 1, "file:build/out": "write"}


@pytest.mark.parametrize("text", ["", "# nothing\n", b"\xef\xbb\xbf[run]\nmax_parallel = 2\n"])
def test_empty_and_marked_files_are_profiles(tmp_path: Path, text: str | bytes) -> None:
    assert load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[defaults]\ncomand = 'x'", "unknown key 'defaults.comand': did you mean 'command'?"),
        ("[runs]", "unknown key 'runs': did you mean 'run'?"),
        ("[run]\nmaxparallel = 3", "unknown key 'run.maxparallel': did you mean 'max_parallel'?"),
        ("[[rules]]\nmatch = { ids = '3' }", "unknown key 'rules[0].match.ids': did you mean 'id'?"),
        ("[defaults]\nretry = { atempts = 3 }", "unknown key 'defaults.retry.atempts': did you mean 'attempts'?"),
        ("[defaults]\nwait = { fil = 'x' }", "unknown key 'defaults.wait.fil': did you mean 'file'?"),
        ("[graph]\nschedule = { crn = 'x' }", "unknown key 'graph.schedule.crn': did you mean 'cron'?"),
        ("[defaults]\nrollback = { cal = 'a:b' }", "unknown key 'defaults.rollback.python.cal': did you mean 'call'?"),
        ("[run]\nqqq = 1", "unknown key 'run.qqq': known keys: failure_rate, failure_threshold, max_load, "),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_one(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\ncommand = 'x'", "'rules[0].match' is missing"),
        ("[[rules]]\nmatch = {}", "'rules[0].match': a rule matches something"),
        ("[defaults]\ntimeout = 'soon'", "'defaults.timeout': 'soon' is not a duration"),
        ("[defaults]\ntimeout = '0s'", "'defaults.timeout': input should be greater than 0"),
        ("[run]\ntimeout = 0", "'run.timeout': input should be greater than 0"),
        ("[defaults]\ncommand = 'a'\npython = 'a:b'", "'defaults': a task does one thing: choose between command and "),
        ("[defaults]\ncommand = []", "'defaults.command': a command is a shell line"),
        ("[defaults]\nrollback = 3", "'defaults.rollback.command': a command is a shell line"),
        ("[defaults]\nclaims = { db = 'x' }", "'defaults.claims.db': a claim is 'read', 'write', or a number of slots"),
        (
            "[defaults]\npriority = 'urgent'",
            "'defaults.priority': input should be 'low', 'medium', 'high' or 'critical'",
        ),
        ("[defaults]\nenv = { 'A=B' = 'c' }", "'defaults.env.A=B': string should match"),
        (
            "[defaults]\npython = { call = 'a:b', kwargs = { x = 2020-01-01 } }",
            "'defaults.python.kwargs': arguments are",
        ),
    ],
)
def test_a_wrong_value_is_an_error_that_says_where_and_why(tmp_path: Path, text: str, said: str) -> None:
    what = refusal(tmp_path, text)

    assert what.startswith(said)
    assert "function-" not in what


def test_every_problem_is_told(tmp_path: Path) -> None:
    what = refusal(tmp_path, "[defaults]\ncomand = 'x'\ntimeout = 'soon'\n[runs]")

    assert what.count("; ") == 2


@pytest.mark.parametrize(
    "text", ["= 1", "[a", "a = 1\na = 2", b"\xff\xfe", "a = " + "[" * 5000, "a = " + "9" * 5000, "a = 1e", "\x00"]
)
def test_what_is_not_toml_is_an_error(tmp_path: Path, text: str | bytes) -> None:
    assert refusal(tmp_path, text).startswith("is not valid TOML: ")


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_what_cannot_be_read_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProfileError, match="cannot be read: "):
        load_profile(tmp_path / name)


@given(text=st.text(alphabet='[]{}="\\,.\n #abdefilmnorstu0159-', max_size=30))
def test_any_text_is_a_profile_or_an_error(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        load(tmp_path_factory.getbasetemp(), text)
    except ProfileError as error:
        said = str(error)
    else:
        said = "read"
    assert said


# --- finding it -------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".taskmaster/tasks", ".", ".taskmaster"])
def test_the_profile_lies_beside_the_plan_or_in_its_project(tmp_path: Path, place: str) -> None:
    (tmp_path / ".taskmaster" / "tasks").mkdir(parents=True)
    (tmp_path / ".taskmaster" / "tasks" / "tasks.json").write_text("[]")
    (tmp_path / place / "taskgraph.toml").write_text("")

    assert find_profile(locate(str(tmp_path))) == tmp_path / place / "taskgraph.toml"


def test_the_one_beside_the_plan_wins(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "tasks.json").write_text("[]")
    for place in (".", "tasks"):
        (tmp_path / place / "taskgraph.toml").write_text("")

    assert find_profile(locate(str(tmp_path))) == tmp_path / "tasks" / "taskgraph.toml"


def test_there_need_be_none(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text("[]")

    assert find_profile(locate(str(tmp_path))) is None
