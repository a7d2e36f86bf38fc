"""Both ways of starting a program come to the same."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.engine.processes.spawn import Program, Spawner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., str]


@pytest.fixture(params=[True, False], ids=["posix_spawn", "Popen"])
def start(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Run a line of shell: what it said."""
    monkeypatch.chdir(tmp_path)
    taken = "_popen" if request.param else "_spawn"
    monkeypatch.setattr(Spawner, taken, lambda *_: pytest.fail("it was started in the other way"))
    spawners: list[Spawner] = []

    def run(line: str) -> str:
        spawner = Spawner()
        spawners.append(spawner)
        spawner.alone = request.param
        program = Program(("sh", "-c", line), None, tmp_path, dict(os.environb), tmp_path / "log")
        os.waitpid(spawner.start(program), 0)
        return program.log.read_text()

    yield run
    for spawner in spawners:
        spawner.close()


def test_it_leads_a_session_and_a_group(start: Start) -> None:
    group, session, pid = start('echo $(cut -d " " -f 5,6 /proc/$$/stat) $$').split()
    assert group == session == pid


def test_files_that_were_left_open_are_not_passed_on(start: Start) -> None:
    reading, writing = os.pipe()
    try:
        os.set_inheritable(writing, True)  # noqa: FBT003 - it takes no keyword
        assert writing not in {int(number) for number in start("ls /proc/$$/fd").split()}
    finally:
        os.close(reading)
        os.close(writing)


def test_a_closed_pipe_ends_it(start: Start) -> None:
    ignored = int(start("sed -n 's/SigIgn:\t//p' /proc/$$/status"), 16)
    assert not ignored & 1 << (signal.SIGPIPE - 1)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(("true",), None, tmp_path, dict(os.environb), tmp_path / "log")


@pytest.fixture
def popens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Program], bool]]:
    """Whether a program is started by ``Popen`` though the process is alone."""
    monkeypatch.chdir(tmp_path)
    spawner = Spawner()
    spawner.alone = True
    monkeypatch.setattr(spawner, "_spawn", lambda *_: 1)
    monkeypatch.setattr(spawner, "_popen", lambda *_: 2)
    yield lambda program: spawner.start(program) == 2
    spawner.close()


def test_another_folder_needs_popen(popens: Callable[[Program], bool], program: Program, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert not popens(program)
    assert popens(Program(program.argv, None, tmp_path / "sub", program.environment, program.log))


def test_a_folder_under_another_name_is_the_same(
    popens: Callable[[Program], bool], program: Program, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert not popens(Program(program.argv, None, tmp_path / "link", program.environment, program.log))


def test_another_path_needs_popen_unless_the_file_is_named(
    popens: Callable[[Program], bool], program: Program, tmp_path: Path
) -> None:
    environment = {**program.environment, b"PATH": b"/nowhere"}
    assert popens(Program(program.argv, None, tmp_path, environment, program.log))
    assert not popens(Program(program.argv, "/bin/true", tmp_path, environment, program.log))
