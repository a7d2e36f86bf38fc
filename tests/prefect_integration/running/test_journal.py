from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from prefect_integration.running.journal import Files, Journal
from taskgraph_core.engine.events import TaskStarted

if TYPE_CHECKING:
    from taskgraph_core.engine.journal.codec import Row


class Memory:
    """A storage that refuses after so many files."""

    def __init__(self, room: int = 1000) -> None:
        self.files: dict[str, bytes] = {}
        self.room = room

    def read(self, name: str) -> bytes:
        return self.files[name]

    def write(self, name: str, content: bytes) -> None:
        if len(self.files) == self.room:
            raise OSError
        self.files[name] = content


def fail(error: Exception) -> None:
    raise AssertionError from error


def test_what_was_written_is_read_in_its_order() -> None:
    memory = Memory()
    journal = Journal(Files(memory, "run").write, fail)
    for number in range(100):
        journal.add(TaskStarted(1.5, "a", number + 1))
    journal.end(2.0, "failed")
    journal.close()

    rows = Files(memory, "run").read()
    assert rows == [*(["start", 1.5, "a", number + 1] for number in range(100)), ["ended", 2.0, "failed"]]


def test_a_later_life_writes_on_behind_what_was_complete() -> None:
    memory = Memory()
    first = Files(memory, "run")
    first.write([["a", 1]])
    first.write([["b", 2]])
    memory.files["run/000001.json"] = b'[["b", '
    second = Files(memory, "run")

    assert second.read() == [["a", 1]]
    second.write([["c", 3]])
    assert Files(memory, "run").read() == [["a", 1], ["c", 3]]


def test_it_is_written_as_json() -> None:
    memory = Memory()
    Files(memory, "run").write([["start", 1.0, "\ud800\N{SNOWMAN}", 1]])

    assert json.loads(memory.files["run/000000.json"]) == [["start", 1.0, "\ud800\N{SNOWMAN}", 1]]


def test_flushing_waits_until_everything_is_written() -> None:
    written: list[Row] = []
    may_write = threading.Event()

    def write(rows: list[Row]) -> None:
        may_write.wait()
        written.extend(rows)

    journal = Journal(write, fail)
    journal.add(["a", 1])
    journal.add(["b", 2])
    threading.Timer(0.05, may_write.set).start()
    journal.flush()

    assert written == [["a", 1], ["b", 2]]


def test_what_comes_at_once_shares_files() -> None:
    memory = Memory()
    journal = Journal(Files(memory, "run").write, fail)
    for number in range(500):
        journal.add(["row", number])
    journal.close()

    assert len(memory.files) < 50


def test_after_a_refusal_nothing_more_is_written_and_nobody_waits() -> None:
    memory = Memory(room=1)
    told: list[Exception] = []
    refused = threading.Event()

    def failed(error: Exception) -> None:
        told.append(error)
        refused.set()

    journal = Journal(Files(memory, "run").write, failed)
    journal.add(["a", 1])
    journal.flush()
    journal.add(["b", 2])
    journal.flush()
    refused.wait()
    memory.room = 1000
    journal.add(["c", 3])
    journal.close()

    assert [type(error) for error in told] == [OSError]
    assert Files(memory, "run").read() == [["a", 1]]
