from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.engine.resuming.lock import holder, is_held, locked
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from taskgraph_core.engine.resuming.lock import locked
with locked(Path.cwd()):
    child = subprocess.Popen(["sleep", "100"])
    print(child.pid, flush=True)
    time.sleep(100)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that holds the lock, and the number of a program it started."""
    other = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    child = int(other.stdout.readline())
    yield other, child
    other.kill()
    other.wait()
    other.stdout.close()
    os.kill(child, signal.SIGKILL)


def test_who_holds_the_lock_is_known_to_others(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with locked(tmp_path):
        who = holder(tmp_path)
        assert who is not None
        assert (who.pid, who.host) == (os.getpid(), os.uname().nodename)
    assert holder(tmp_path) is None


def test_a_second_engine_is_refused_and_told_who_is_first(
    engine: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match=f"process {engine[0].pid} on {os.uname().nodename}, since"), locked(tmp_path):
        pass


def test_two_engines_in_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(EngineError, match="another engine"), locked(tmp_path):
        pass


def test_a_killed_engine_holds_nothing_although_its_programs_live(
    engine: tuple[subprocess.Popen[str], int], tmp_path: Path
) -> None:
    first, child = engine
    assert is_held(tmp_path)
    first.kill()
    first.wait()

    os.kill(child, 0)
    assert not is_held(tmp_path)
    with locked(tmp_path):
        assert is_held(tmp_path)


def test_a_forked_copy_of_the_engine_does_not_keep_the_lock(tmp_path: Path) -> None:
    (ready, say_ready), (go, say_go) = os.pipe(), os.pipe()
    with locked(tmp_path):
        child = os.fork()
        if not child:
            os.write(say_ready, b"x")
            os.read(go, 1)
            os._exit(0)
        os.read(ready, 1)
    held = is_held(tmp_path)
    os.write(say_go, b"x")
    os.waitpid(child, 0)
    for handle in (ready, say_ready, go, say_go):
        os.close(handle)

    assert not held


def test_a_lock_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(EngineError, match="cannot be locked"), locked(tmp_path):
        pass
    assert (tmp_path / "elsewhere").read_text() == "precious"


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[1]", b"\xff", b'{"pid": 1}', b'{"pid": 1, "host": "x", "since": 1e30}']
)
def test_a_lock_that_says_nothing_useful_is_a_lock_nevertheless(tmp_path: Path, text: bytes) -> None:
    with locked(tmp_path):
        (tmp_path / "lock").write_bytes(text)
        assert holder(tmp_path) is not None
        with pytest.raises(EngineError) as error, locked(tmp_path):
            pass
    assert error.value.what == "another engine carries this run out"
