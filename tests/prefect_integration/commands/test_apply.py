from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command

    from .conftest import Prefect

DB, GPU, RATE = "tag:resource:db", "tag:resource:gpu", "rate:api"


def write(file: Path, **limits: float) -> Path:
    """A file of limits: so many slots of a resource, or a rate of so many starts a second."""
    content = {}
    for name, size in limits.items():
        if isinstance(size, float):
            content[f"rate:{name}"] = form(name, 1, size)
        else:
            content[f"tag:resource:{name}"] = form(name, size)
    file.write_text(json.dumps({"format": 2, "graph": file.name.split(".")[0], "limits": content}))
    return file


def form(resource: str, limit: int, decay: float = 0.0, most: int = 1) -> dict[str, Any]:
    return {"resource": resource, "limit": limit, "slot_decay_per_second": decay, "most_taken": most}


def test_limits_are_created_then_found_then_changed(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    file = write(tmp_path / "x.limits.json", db=4, gpu=1, api=1 / 6)

    assert command("prefect", "apply", file, "--url", prefect.url).out == (
        f"{DB}: created, 4 slots\n{GPU}: created, 1 slot\n{RATE}: created, one start every 6 s\n"
    )
    assert command("prefect", "apply", file, "--url", prefect.url).out == (
        f"{DB}: unchanged\n{GPU}: unchanged\n{RATE}: unchanged\n"
    )

    write(file, db=8, gpu=1, api=0.5)
    assert command("prefect", "apply", file, "--url", prefect.url).out == (
        f"{DB}: updated, limit 4 → 8\n{GPU}: unchanged\n{RATE}: updated, slot_decay_per_second 0.166667 → 0.5\n"
    )
    assert prefect.changes[3:] == [("PATCH", DB, {"limit": 8}), ("PATCH", RATE, {"slot_decay_per_second": 0.5})]


def test_slots_that_are_taken_stay_taken(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    prefect.has(DB, limit=8, active=False, active_slots=6)

    ended = command("prefect", "apply", write(tmp_path / "x.limits.json", db=4), "--url", prefect.url)

    assert ended.out.startswith(f"{DB}: updated, limit 8 → 4, active false → true (running tasks hold 6;")
    assert prefect.limits[DB]["active_slots"] == 6
    assert prefect.limits[DB]["active"] is True


def test_a_dry_run_changes_nothing(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    prefect.has(DB, limit=2)
    file = write(tmp_path / "x.limits.json", db=4, gpu=1)

    ended = command("prefect", "apply", file, "--url", prefect.url, "--dry-run")

    assert ended.out == f"{DB}: would be updated, limit 2 → 4\n{GPU}: would be created, 1 slot\n"
    assert prefect.changes == []


def test_no_limit_is_deleted_and_none_of_others_is_touched(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    prefect.has("theirs")
    command("prefect", "apply", write(tmp_path / "x.limits.json", db=4), "--url", prefect.url)
    ended = command("prefect", "apply", write(tmp_path / "x.limits.json"), "--url", prefect.url)

    assert ended.out == "these files name no limits\n"
    assert set(prefect.limits) == {DB, "theirs"}


def test_limits_beyond_the_first_page_are_found(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    for number in range(450):
        prefect.has(f"theirs-{number}")
    prefect.has(DB)

    ended = command("prefect", "apply", write(tmp_path / "x.limits.json", db=4), "--url", prefect.url)

    assert ended.out == f"{DB}: unchanged\n"


@pytest.mark.parametrize("sizes", [{"db": 5}, {"db": 4, "api": 2.0}])
def test_two_files_that_disagree_are_both_named(
    command: Command, prefect: Prefect, tmp_path: Path, sizes: dict[str, Any]
) -> None:
    one = write(tmp_path / "one.limits.json", db=4, api=1.0)
    other = write(tmp_path / "two.limits.json", gpu=1, **sizes)

    ended = command("prefect", "apply", one, other, "--url", prefect.url)

    assert ended.code == 2
    assert "one.limits.json" in ended.err
    assert "two.limits.json" in ended.err
    assert prefect.changes == []


def test_two_files_that_agree_make_one_limit(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.limits.json", db=4), write(tmp_path / "two.limits.json", db=4)

    assert command("prefect", "apply", one, other, "--url", prefect.url).out == f"{DB}: created, 4 slots\n"


def test_a_server_that_is_busy_is_asked_again(command: Command, prefect: Prefect, tmp_path: Path) -> None:
    prefect.busy = 2

    ended = command("prefect", "apply", write(tmp_path / "x.limits.json", db=4), "--url", prefect.url)

    assert ended.out == f"{DB}: created, 4 slots\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not JSON"),
        ("[]", "dictionary"),
        ('{"format": 1, "graph": "x", "tag_limits": {}}', "format"),
        (json.dumps({"format": 2, "limits": {DB: form("db", 0)}}), "limit"),
        (json.dumps({"format": 2, "limits": {DB: form("db", 4, -1.0)}}), "slot_decay_per_second"),
        (json.dumps({"format": 2, "limits": {DB: form("db", 4, float("nan"))}}), "slot_decay_per_second"),
        (json.dumps({"format": 2, "limits": {"deployment:theirs": form("db", 4)}}), "deployment:theirs"),
        (json.dumps({"format": 2, "limits": {"tag:resource:a/../b": form("db", 4)}}), "tag:resource"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_file_of_limits_is_refused_before_anything_is_done(
    command: Command, prefect: Prefect, tmp_path: Path, text: str, what: str
) -> None:
    good, bad = write(tmp_path / "a.limits.json", db=4), tmp_path / "b.limits.json"
    bad.write_text(text)

    ended = command("prefect", "apply", good, bad, "--url", prefect.url)

    assert ended.code == 2
    assert what in ended.err
    assert str(bad) in ended.err
    assert prefect.changes == []


def test_a_file_that_is_not_there_is_named(command: Command, prefect: Prefect) -> None:
    ended = command("prefect", "apply", "none.limits.json", "--url", prefect.url)

    assert ended.code == 2
    assert "none.limits.json" in ended.err


@pytest.mark.parametrize(
    ("variable", "login"),
    [("PREFECT_API_KEY", "Bearer ses:ame"), ("PREFECT_API_AUTH_STRING", f"Basic {b64encode(b'ses:ame').decode()}")],
)
def test_secrets_come_from_the_environment_and_are_told_to_nobody(
    command: Command, prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, login: str
) -> None:
    prefect.login = login
    file = write(tmp_path / "x.limits.json", db=4)
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)

    refused = command("prefect", "apply", file)
    assert refused.code == 1
    assert "Prefect refuses (401)" in refused.err

    monkeypatch.setenv(variable, "ses:ame")
    assert command("prefect", "apply", file).out == f"{DB}: created, 4 slots\n"
    assert "ses:ame" not in command("prefect", "apply", "--help").out


def test_somebody_has_to_say_where_prefect_is(command: Command, tmp_path: Path) -> None:
    ended = command("prefect", "apply", write(tmp_path / "x.limits.json", db=4))

    assert ended.code == 1
    assert "PREFECT_API_URL" in ended.err
