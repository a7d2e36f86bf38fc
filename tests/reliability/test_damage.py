"""R3: a journal that was cut off at any byte. R4: a journal in which any bit flipped.

Both are tried on a journal as an engine leaves it that was killed (a small database and a long log) and R4 also on
one that was closed (all in the database). A cut end is what a crash leaves: the run goes on from what is whole.
A flipped bit is not, so it must be reported, unless it is where nothing is kept and all is there.
"""

from __future__ import annotations

import os
import signal
from random import Random
from typing import TYPE_CHECKING, Any

from reliability.engines import wait_for
from reliability.truth import lines, recorded, write_step, written
from taskgraph_core.engine.journal import read
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reliability.engines import Engines
    from reliability.sheet import Row, Sheet

TASKS = 20


def broken_off(engines: Engines) -> Path:
    """The folder of a run whose engine was killed while its last task was under way."""
    step = write_step(engines.path)
    quick = tuple(
        Task(id=str(number), depends_on=(str(number - 1),) if number % 4 else (), action=Command(argv=step))
        for number in range(TASKS - 1)
    )
    last = Task(
        id="last",
        depends_on=tuple(task.id for task in quick),
        action=Command(shell=f"[ -e go ] && exec {step[0]}; exec {step[0]} 600"),
    )
    engines.plan(TaskGraph(id="short", tasks=(*quick, last)))
    engine = engines.start("-j", "4")
    wait_for(lambda: written(engines.path) == 2 * TASKS - 1)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    assert engines.directory is not None
    return engines.directory


def story_of(directory: Path) -> tuple[list[Any], set[str]]:
    events = read(directory).events
    return list(events), recorded(events)


def test_a_journal_that_was_cut_off_tells_what_came_before(
    sheet: Sheet,
    engines: Engines,
) -> None:
    row = sheet.row("R3", f"the log of a run of {TASKS} tasks cut off")
    directory = broken_off(engines)
    log = directory / "journal.db-wal"
    size = log.stat().st_size
    row.note(f"{size} bytes long")
    _, known = story_of(directory)
    row.zero("recorded and not done", sorted(known - {line.task for line in lines(engines.path) if line.what == "end"}))
    for offset in places(size, Random("R3"), every=sheet.full, sample=300):  # noqa: S311 - repeatable, not secret
        os.truncate(log, offset)
        row.count("cuts")
        try:
            _, done = story_of(directory)
        except EngineError as error:
            row.zero("that could not be read", [f"{offset}: {error}"])
            continue
        row.zero("successes that an earlier cut did not have", sorted(f"{offset}: {one}" for one in done - known))
        known = done
    row.zero("that could not be read")
    row.zero("successes left in nothing", sorted(known))
    row.check()


def places(size: int, chance: Random, *, every: bool, sample: int) -> Iterable[int]:
    """Offsets from the end to the start: all, or a sample with both ends."""
    if every:
        return range(size - 1, -1, -1)
    return sorted({0, size - 1, *chance.sample(range(size), min(size, sample))}, reverse=True)


def test_a_flipped_bit_is_reported_and_never_makes_a_success(
    sheet: Sheet,
    engines: Engines,
) -> None:
    row = sheet.row("R4", f"one bit flipped in each byte of the journal of a run of {TASKS} tasks")
    chance = Random("R4")  # noqa: S311 - repeatable, not secret
    directory = broken_off(engines)
    for name in ("journal.db-wal", "journal.db"):
        flip_bits(
            row,
            directory,
            name,
            places((directory / name).stat().st_size, chance, every=sheet.full, sample=150),
            chance,
        )
    for _ in range(10 if sheet.full else 1):
        is_refused(row, engines, directory / "journal.db-wal", chance)
    (engines.path / "go").touch()
    ended = engines.run("-j", "4", "--resume")
    row.zero("that broke what was read only", [ended.err] if ended.code else [])
    assert not (directory / "journal.db-wal").exists() or not (directory / "journal.db-wal").stat().st_size
    closed = directory / "journal.db"
    flip_bits(row, directory, closed.name, places(closed.stat().st_size, chance, every=sheet.full, sample=150), chance)
    row.check()


def flip_bits(row: Row, directory: Path, name: str, offsets: Iterable[int], chance: Random) -> None:
    """Read the journal once for each flipped bit."""
    events, done = story_of(directory)
    with (directory / name).open("r+b", buffering=0) as stream:
        for offset in offsets:
            before = os.pread(stream.fileno(), 1, offset)
            os.pwrite(stream.fileno(), bytes([before[0] ^ (1 << chance.randrange(8))]), offset)
            row.count("flips")
            row.zero("false successes")
            row.zero("not noticed, and something is missing")
            try:
                events_now, done_now = story_of(directory)
            except EngineError as error:
                row.count("reported")
                row.zero("reports that do not say what to do", [] if error.fix and error.where else [str(error)])
            else:
                row.count("where nothing is kept")
                row.zero("false successes", [f"{name}, byte {offset}: {one}" for one in done_now - done])
                whole = events_now == events
                row.zero("not noticed, and something is missing", [] if whole else [f"{name}, byte {offset}"])
            os.pwrite(stream.fileno(), before, offset)


def is_refused(row: Row, engines: Engines, log: Path, chance: Random) -> None:
    """The command refuses to go on with a log that is damaged in the middle, says so, and leaves it as it is."""
    good = log.read_bytes()
    bad = bytearray(good)
    bad[chance.randrange(100, len(bad) // 2)] ^= 1 << chance.randrange(8)
    log.write_bytes(bad)
    before = len(lines(engines.path))
    ended = engines.run("-j", "4", "--resume")
    row.count("resumes of a damaged run")
    row.zero("not refused", [] if ended.code and "damaged" in ended.err else [f"exit code {ended.code}: {ended.err}"])
    row.zero("tracebacks", [ended.err] if ended.crashed else [])
    row.zero("refused and touched", [str(log)] if log.read_bytes() != bad or len(lines(engines.path)) != before else [])
    log.write_bytes(good)
