from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.engine.processes.output import shorten
from taskgraph_core.engine.single.following import LINE_LIMIT, Following

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_are_told_when_they_are_complete_and_the_last_one_at_the_end(tmp_path: Path) -> None:
    log, told = tmp_path / "log", list[str]()
    following = Following(log, 1_000_000, told.append)
    following.look()
    log.write_bytes(b"one\r\ntw")
    following.look()
    assert told == ["one"]
    with log.open("ab") as stream:
        stream.write(b"o\n\nthr\xffee")
    following.look()
    assert told == ["one", "two", ""]
    following.finish()

    assert told == ["one", "two", "", "thr\\xffee"]


def test_of_what_is_too_long_the_start_and_the_end_are_told_once(tmp_path: Path) -> None:
    log, told, limit = tmp_path / "log", list[str](), 1_000
    following = Following(log, limit, told.append)
    with log.open("a") as stream:
        for number in range(1_000):
            stream.write(f"{number}\n")
            stream.flush()
            if number % 10 == 0:
                following.look()
    shorten(log, limit)
    following.finish()

    assert "\n".join(told) + "\n" == log.read_text()
    assert told[0] == "0"
    assert told[-1] == "999"
    assert any("left out" in line for line in told)


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    log, told = tmp_path / "log", list[str]()
    log.write_text("x" * (LINE_LIMIT + 1))
    Following(log, 1_000_000, told.append).finish()

    assert list(map(len, told)) == [LINE_LIMIT, 1]
