from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support.command import Command

    from .conftest import Airflow


def write(file: Path, **pools: int | dict[str, Any]) -> Path:
    """A file of pools; a number is one of so many slots."""
    content = {
        name: {"slots": pool, "description": f"Taskgraph: {name}", "include_deferred": False}
        if isinstance(pool, int)
        else pool
        for name, pool in pools.items()
    }
    file.write_text(json.dumps(content))
    return file


def test_pools_are_created_then_found_then_changed(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    file = write(tmp_path / "x.pools.json", db=4, gpu=1)

    assert command("airflow", "apply", file, "--url", airflow.url).out == (
        "db: created, 4 slots\ngpu: created, 1 slot\n"
    )
    assert command("airflow", "apply", file, "--url", airflow.url).out == "db: unchanged\ngpu: unchanged\n"

    write(file, db=8, gpu=1)
    assert command("airflow", "apply", file, "--url", airflow.url).out == ("db: updated, slots 4 → 8\ngpu: unchanged\n")
    assert [(method, name) for method, name, _ in airflow.changes] == [("POST", "db"), ("POST", "gpu"), ("PATCH", "db")]
    assert airflow.changes[-1][2] == {"slots": 8}


def test_a_dry_run_changes_nothing(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    airflow.pools["db"] = {**airflow.pools["default_pool"], "name": "db", "slots": -1, "include_deferred": True}
    file = write(tmp_path / "x.pools.json", db=4, gpu=1)

    ended = command("airflow", "apply", file, "--url", airflow.url, "--dry-run")

    assert ended.out == (
        "db: would be updated, slots unlimited → 4, description, include_deferred true → false\n"
        "gpu: would be created, 1 slot\n"
    )
    assert airflow.changes == []


def test_no_pool_is_deleted(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    command("airflow", "apply", write(tmp_path / "x.pools.json", db=4), "--url", airflow.url)
    command("airflow", "apply", write(tmp_path / "x.pools.json"), "--url", airflow.url)

    assert set(airflow.pools) == {"default_pool", "db"}


def test_who_shrinks_a_pool_below_what_tasks_hold_is_told(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    airflow.pools["db"] = {
        **airflow.pools["default_pool"],
        "name": "db",
        "slots": 8,
        "description": "Taskgraph: db",
        "occupied_slots": 6,
    }

    ended = command("airflow", "apply", write(tmp_path / "x.pools.json", db=4), "--url", airflow.url)

    assert ended.out.startswith("db: updated, slots 8 → 4 (running tasks hold 6;")


def test_two_files_that_disagree_are_both_named(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.pools.json", db=4), write(tmp_path / "two.pools.json", gpu=1, db=5)

    ended = command("airflow", "apply", one, other, "--url", airflow.url)

    assert ended.code == 2
    assert "the pool 'db' has 4 slots in" in ended.err
    assert "one.pools.json" in ended.err
    assert "two.pools.json" in ended.err
    assert airflow.changes == []


def test_two_files_that_agree_make_one_pool(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.pools.json", db=4), write(tmp_path / "two.pools.json", db=4)

    assert command("airflow", "apply", one, other, "--url", airflow.url).out == "db: created, 4 slots\n"


def test_a_resource_in_two_pools_is_warned_of(command: Command, airflow: Airflow, tmp_path: Path) -> None:
    both = {"slots": 4, "description": "Taskgraph: db, gpu", "include_deferred": False}
    one, other = write(tmp_path / "one.pools.json", db=4), write(tmp_path / "two.pools.json", both=both)

    ended = command("airflow", "apply", one, other, "--url", airflow.url)

    assert ended.code == 0
    assert "TG529 'db' in 2 pools, both, db" in ended.err


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not JSON"),
        ("[]", "dictionary"),
        ('{"db": {"slots": "4"}}', "db.slots"),
        ('{"db": {"slots": 3000000000}}', "db.slots"),
        ('{"db": 4}', "db"),
        ("[" * 100_000, "not JSON"),
        ('{"db": {"slots": NaN}}', "db.slots"),
    ],
)
def test_what_is_no_file_of_pools_is_refused_before_anything_is_done(
    command: Command, airflow: Airflow, tmp_path: Path, text: str, what: str
) -> None:
    good, bad = write(tmp_path / "a.pools.json", db=4), tmp_path / "b.pools.json"
    bad.write_text(text)

    ended = command("airflow", "apply", good, bad, "--url", airflow.url)

    assert ended.code == 2
    assert what in ended.err
    assert str(bad) in ended.err
    assert airflow.changes == []


def test_a_file_that_is_not_there_is_named(command: Command, airflow: Airflow) -> None:
    ended = command("airflow", "apply", "none.pools.json", "--url", airflow.url)

    assert ended.code == 2
    assert "none.pools.json" in ended.err


def test_a_token_comes_from_the_environment_and_is_told_to_nobody(
    command: Command, airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow.token = "sesame"  # noqa: S105 - of a server of this test
    file = write(tmp_path / "x.pools.json", db=4)
    monkeypatch.setenv("AIRFLOW_URL", airflow.url)

    refused = command("airflow", "apply", file)
    assert refused.code == 1
    assert "Airflow refuses (401)" in refused.err

    monkeypatch.setenv("AIRFLOW_TOKEN", "sesame")
    let_in = command("airflow", "apply", file)
    assert let_in.out == "db: created, 4 slots\n"
    assert "sesame" not in command("airflow", "apply", "--help").out


def test_somebody_has_to_say_where_airflow_is(command: Command, tmp_path: Path) -> None:
    ended = command("airflow", "apply", write(tmp_path / "x.pools.json", db=4))

    assert ended.code == 1
    assert "AIRFLOW_URL" in ended.err
