from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_provider.dynamic import cache

KEY, OTHER = "a" * 64, "b" * 64
ENTRY = (compile("x = 1", "x", "exec", dont_inherit=True), ("a warning",))


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "taskgraph-dags"


def test_what_was_kept_is_read_back_and_is_the_users_alone(folder: Path) -> None:
    assert cache.read(KEY) is None
    assert cache.write(KEY, ENTRY)

    assert cache.read(KEY) == ENTRY
    assert cache.read(OTHER) is None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [place.stat().st_mode & 0o777 for place in folder.iterdir()] == [0o600]


def test_a_damaged_entry_is_none_and_replaced(folder: Path) -> None:
    cache.write(KEY, ENTRY)
    (place,) = folder.iterdir()
    whole = place.read_bytes()
    for damaged in (b"", whole[:20], whole[:-1], whole[:-1] + b"\0", b"\0" + whole[1:], whole + b"\0"):
        place.write_bytes(damaged)
        assert cache.read(KEY) is None

    cache.write(KEY, ENTRY)
    assert cache.read(KEY) == ENTRY


def test_an_entry_under_another_name_is_none(folder: Path) -> None:
    cache.write(KEY, ENTRY)
    (folder / f"{KEY}.dag").rename(folder / f"{OTHER}.dag")

    assert cache.read(OTHER) is None


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_enter_is_not_used(folder: Path, mode: int, tmp_path: Path) -> None:
    cache.write(KEY, ENTRY)
    folder.chmod(mode)
    assert cache.read(KEY) is None

    assert cache.write(OTHER, ENTRY)
    assert (tmp_path / "caches/taskgraph-dags" / f"{OTHER}.dag").is_file()
    assert not (folder / f"{OTHER}.dag").exists()
    assert cache.read(OTHER) == ENTRY


def test_a_folder_of_somebody_else_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write(KEY, ENTRY)
    somebody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody)

    assert cache.read(KEY) is None


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "target")

    cache.write(KEY, ENTRY)

    assert not list((tmp_path / "target").iterdir())


def test_a_place_where_everybody_can_write_is_not_used(home: Path, folder: Path) -> None:
    home.chmod(0o1777)

    cache.write(KEY, ENTRY)

    assert not folder.exists() or not list(folder.iterdir())


def test_without_a_place_nothing_is_kept(home: Path, tmp_path: Path) -> None:
    home.rmdir()
    for name in ("home", "caches"):
        (tmp_path / name).touch()

    assert not cache.write(KEY, ENTRY)
    assert cache.read(KEY) is None


def test_a_home_that_is_no_absolute_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", "here")

    assert [Path(folder).parent.name for folder in cache.folders()] == ["caches"]


def test_what_nobody_used_for_long_goes_and_what_is_used_stays(folder: Path) -> None:
    keys = [digit * 64 for digit in "123"]
    for key in keys:
        cache.write(key, ENTRY)
    long_ago = time.time() - cache.OLDEST - 60
    for key in keys[:2]:
        os.utime(folder / f"{key}.dag", (long_ago, long_ago))
    (folder / "theirs.txt").touch()
    os.utime(folder / "theirs.txt", (long_ago, long_ago))
    assert cache.read(keys[0]) == ENTRY

    cache.write(KEY, ENTRY)

    assert [cache.read(key) is not None for key in (*keys, KEY)] == [True, False, True, True]
    assert (folder / "theirs.txt").exists()


def test_what_was_used_longest_ago_goes_where_it_is_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [digit * 64 for digit in "1234"]
    cache.write(keys[0], ENTRY)
    size = (folder / f"{keys[0]}.dag").stat().st_size
    monkeypatch.setattr(cache, "LARGEST", 3 * size)
    for age, key in zip((40, 20, 30), keys, strict=False):
        cache.write(key, ENTRY)
        os.utime(folder / f"{key}.dag", (time.time() - age, time.time() - age))

    cache.write(keys[3], ENTRY)

    assert [cache.read(key) is not None for key in keys] == [False, True, True, True]


WRITER = """
import sys
from airflow_provider.dynamic import cache
entry = compile("x = 1", "x", "exec"), ("a warning",)
for _ in range(100):
    assert cache.write(sys.argv[1], entry)
    assert cache.read(sys.argv[1]) == entry
"""


def test_many_processes_write_the_same_entry_at_once(folder: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, KEY]) for _ in range(3)]

    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert [place.name for place in folder.iterdir()] == [f"{KEY}.dag"]
    assert cache.read(KEY) == ENTRY
