"""What is kept of long output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph_core.engine.processes import output
from taskgraph_core.engine.processes.output import LEFT_OUT, relieve, shorten
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Project


def run(project: Project, line: str, output_limit: int, **fields: object) -> bytes:
    """The log of a line of shell."""
    task = Task(**{"id": "1", "action": Command(shell=line), "timeout": 60.0, **fields})
    project.run(TaskGraph(id="one", tasks=(task,)), output_limit=output_limit, run_id="run")
    return project.directory.log("1", 1).read_bytes()


def disk(place: Path) -> int:
    return place.stat().st_blocks * 512


def test_long_output_keeps_its_start_and_its_end_within_the_limit(project: Project) -> None:
    log = run(project, "echo first; yes | head -c 100000000; echo last", 100_000)
    assert 99_000 < len(log) <= 100_000
    assert log.startswith(b"first\ny\n")
    assert log.endswith(b"y\nlast\n")
    assert log.count(LEFT_OUT) == 1


def test_output_within_the_limit_is_kept_whole(project: Project) -> None:
    assert run(project, "yes | head -c 1000", 1000) == b"y\n" * 500


def test_output_of_a_program_that_timed_out_is_bounded_too(project: Project) -> None:
    log = run(project, "yes", 10_000, timeout=0.3)
    assert len(log) <= 10_000
    assert LEFT_OUT in log


@pytest.mark.parametrize("holes", [True, False])
def test_output_takes_little_room_while_the_program_still_runs(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    holes: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(output, "LOOK_EVERY", 0.02)
    if not holes:
        monkeypatch.setattr(output, "_punch_hole", lambda *_: False)
    wait = "while [ $(du -k .taskgraph/runs/run/logs/1.1.log | cut -f1) -gt 500 ]; do sleep 0.02; done"
    log = run(project, f"echo first; yes | head -c 20000000; {wait}; seq 100000; echo last", 100_000)
    assert len(log) <= 100_000
    assert log.startswith(b"first\ny\n")
    assert log.endswith(b"\n99999\n100000\nlast\n") or not holes


def test_who_appends_goes_on_at_the_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 5_000_000)
        relieve(str(log), 1_000_000)
        assert disk(log) < 1_500_000
        writer.write(b"b" * 10)
        relieve(str(log), 1_000_000)
    shorten(str(log), 1_000_000)
    assert log.read_bytes().endswith(b"ab" + b"b" * 9)
    assert b"\0" not in log.read_bytes()


@given(text=st.binary(max_size=500), limit=st.integers(0, 400))
def test_a_shortened_file_is_within_the_limit_and_made_of_its_ends(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, limit: int
) -> None:
    log = tmp_path_factory.getbasetemp() / "log"
    log.write_bytes(text)
    shorten(str(log), limit)
    kept = log.read_bytes()
    assert len(kept) <= max(limit, len(LEFT_OUT))
    if len(text) <= limit:
        assert kept == text
    else:
        head, _, tail = kept.partition(LEFT_OUT)
        assert text.startswith(head)
        assert text.endswith(tail)
        assert limit - len(kept) <= 1 or limit < len(LEFT_OUT)


def test_a_link_that_a_program_put_in_the_place_of_its_log_is_not_followed(project: Project) -> None:
    place = project.write("precious", "x" * 5000)
    line = "cd .taskgraph/runs/run/logs; rm 1.1.log; ln -s ../../../../precious 1.1.log"
    run(project, line, 100)
    assert str(project.directory.log("1", 1).readlink()) == "../../../../precious"
    assert place.stat().st_size == 5000
