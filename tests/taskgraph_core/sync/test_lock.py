from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from taskgraph_core.errors import InputError
from taskgraph_core.sync.lock import STALE, plan_lock


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    place = tmp_path / "tasks.json"
    place.write_text("[]")
    return place


def lock_of(plan: Path) -> Path:
    return plan.with_name(f"{plan.name}.lock")


def test_taskmaster_sees_the_lock_while_it_is_held_and_not_afterwards(plan: Path) -> None:
    with plan_lock(plan):
        assert lock_of(plan).is_dir()

    assert list(plan.parent.iterdir()) == [plan]


def test_a_plan_named_through_a_link_is_locked_under_both_names(tmp_path: Path, plan: Path) -> None:
    link = tmp_path / "elsewhere" / "tasks.json"
    link.parent.mkdir()
    link.symlink_to(plan)

    with plan_lock(link):
        assert lock_of(plan).is_dir()
        assert lock_of(link).is_dir()

    assert not lock_of(link).exists()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_a_lock_of_taskmaster_is_waited_for(plan: Path, make: object) -> None:
    make(lock_of(plan))  # type: ignore[operator]

    with pytest.raises(InputError, match="keeps it locked"), plan_lock(plan, patience=0.1):
        pass

    assert lock_of(plan).exists()


def test_a_lock_given_back_meanwhile_is_taken(plan: Path) -> None:
    lock_of(plan).touch()
    timer = threading.Timer(0.1, lock_of(plan).unlink)
    timer.start()

    with plan_lock(plan):
        assert lock_of(plan).is_dir()
    timer.join()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_a_lock_left_behind_is_removed(plan: Path, make: object) -> None:
    make(lock_of(plan))  # type: ignore[operator]
    long_ago = time.time() - STALE - 1
    os.utime(lock_of(plan), (long_ago, long_ago))

    with plan_lock(plan, patience=0.0):
        assert lock_of(plan).is_dir()

    assert list(plan.parent.iterdir()) == [plan]


def test_a_lock_that_was_taken_over_is_left_to_who_has_it_now(plan: Path) -> None:
    with plan_lock(plan):
        lock_of(plan).rename(plan.with_name("aside"))
        lock_of(plan).touch()

    assert lock_of(plan).is_file()


def test_another_program_of_ours_is_waited_for(plan: Path) -> None:
    handle = os.open(plan.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    with pytest.raises(InputError, match="keeps it locked"), plan_lock(plan, patience=0.1):
        pass

    os.close(handle)


def test_a_file_that_is_not_there_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no file"), plan_lock(tmp_path / "none" / "tasks.json"):
        pass


def test_an_error_of_who_holds_the_lock_stays_what_it_is(plan: Path) -> None:
    with pytest.raises(FileExistsError), plan_lock(plan):
        raise FileExistsError

    assert not lock_of(plan).exists()
