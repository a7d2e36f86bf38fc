from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.engine.rundir import TAIL_BYTES, RunDirectory, file_name, new_run_id, runs, tail
from taskgraph_core.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "../../x",
    "/etc/passwd",
    ".",
    "..",
    ".hidden",
    "a/b",
    "a b",
    "a\0b",
    "A",
    "a~b",
    "-rf",
    "日本",
    "中国",
    "\u202etxt",
    "x" * 10_000,
    "5.2\n",
]


@pytest.mark.parametrize("task_id", ["5", "5.2", "build-docs_2", "a..b"])
def test_an_ordinary_id_is_its_own_file_name(task_id: str) -> None:
    assert file_name(task_id) == task_id


@pytest.mark.parametrize("task_id", HOSTILE)
def test_a_hostile_id_gets_a_short_harmless_name(task_id: str) -> None:
    name = file_name(task_id)
    assert len(name) < 100
    assert name.isascii()
    assert not set(name) & set("/\0\n ")
    assert not name.startswith((".", "-"))


def test_hostile_ids_do_not_collide() -> None:
    assert len({file_name(task_id) for task_id in HOSTILE}) == len(HOSTILE)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=2, max_size=2, unique=True))
def test_two_ids_never_share_a_name_even_where_case_does_not_count(ids: list[str]) -> None:
    assert file_name(ids[0]).lower() != file_name(ids[1]).lower()


def test_attempts_and_undoing_have_logs_of_their_own(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    logs = [directory.log("5", 1), directory.log("5", 2), directory.log("5", 1, undo=True), directory.log("5.1", 1)]
    assert [log.name for log in logs] == ["5.1.log", "5.2.log", "5.undo1.log", "5.1.1.log"]


def test_run_ids_sort_by_time_and_differ() -> None:
    ids = [new_run_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert [run_id[:15] for run_id in ids] == sorted(run_id[:15] for run_id in ids)


def test_a_run_lies_below_the_project_and_is_never_committed(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path, "run-1")
    assert directory.path == tmp_path / ".taskgraph/runs/run-1"
    assert (tmp_path / ".taskgraph/.gitignore").read_text() == "*\n"


def test_a_run_can_lie_elsewhere(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path, "run-1", tmp_path / "deep/down")
    assert directory.path == tmp_path / "deep/down"
    assert not (tmp_path / ".taskgraph").exists()


def test_a_run_is_never_written_over_another(tmp_path: Path) -> None:
    RunDirectory.create(tmp_path, "run-1")
    with pytest.raises(EngineError, match="already"):
        RunDirectory.create(tmp_path, "run-1")


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", "x" * 101, "a\n", ".hidden"])
def test_a_run_id_that_is_no_name_is_refused(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(EngineError, match="cannot name a run"):
        RunDirectory.create(tmp_path, run_id)


def test_a_folder_that_cannot_be_made_is_an_error_with_a_place(tmp_path: Path) -> None:
    (tmp_path / ".taskgraph").write_text("in the way")
    with pytest.raises(EngineError, match=r"\.taskgraph/runs/run-1"):
        RunDirectory.create(tmp_path, "run-1")


def test_the_graph_is_kept_as_it_is(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path, "run-1")
    graph = graph_of("1", "2 < 1", tasks={"2": {"title": "\u202e\n", "timeout": 3.0}})

    directory.write_graph(graph)

    assert directory.read_graph() == graph


@pytest.mark.parametrize("text", [None, "", "{}", "[", '{"id": "x", "tasks": 1}'])
def test_a_graph_that_is_gone_or_damaged_is_an_error_with_a_place(tmp_path: Path, text: str | None) -> None:
    directory = RunDirectory.create(tmp_path, "run-1")
    if text is not None:
        directory.graph.write_text(text)

    with pytest.raises(EngineError, match=r"run-1/graph\.json"):
        directory.read_graph()


def test_runs_are_listed_the_one_taken_up_last_first(tmp_path: Path) -> None:
    assert runs(tmp_path) == []
    for number in (2, 3, 1):
        path = RunDirectory.create(tmp_path, f"run-{number}").path
        (path / "journal.db").touch()
        (path / "lock").touch()
        os.utime(path / "lock", (number, number))
    RunDirectory.create(tmp_path, "without-journal")

    assert [one.path.name for one in runs(tmp_path)] == ["run-3", "run-2", "run-1"]


def test_a_run_is_opened_by_its_id_or_its_folder(tmp_path: Path) -> None:
    made = RunDirectory.create(tmp_path, "run-1")

    assert RunDirectory.open(tmp_path, "run-1") == made
    assert RunDirectory.open(tmp_path / "elsewhere", str(made.path)) == made


@pytest.mark.parametrize("run", ["run-2", "", "..", "a\nb", "./nowhere"])
def test_a_run_that_does_not_exist_is_not_opened(tmp_path: Path, run: str) -> None:
    with pytest.raises(EngineError):
        RunDirectory.open(tmp_path, run)


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert tail(log, 2) == ["line 98", "line 99"]


def test_the_tail_of_a_huge_log_reads_little(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * (3 * TAIL_BYTES) + b"\nend \xff")
    lines = tail(log)
    assert lines[-1] == "end \ufffd"
    assert sum(map(len, lines)) <= TAIL_BYTES


def test_the_tail_of_no_log_and_of_an_empty_one_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert tail(tmp_path / "none") == tail(tmp_path / "empty") == []
