from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider.running.limits import Entry, Limits
from airflow_provider.running.steady import Moment
from taskgraph_core.errors import EngineError
from taskgraph_core.ir import Breaker, Rate, Resource
from taskgraph_core.scheduler.gates import Breaker as GateBreaker
from taskgraph_core.scheduler.gates import Gate
from taskgraph_core.scheduler.gates import Rate as GateRate

if TYPE_CHECKING:
    from taskgraph_core.scheduler import Outcome


class Clock:
    """A machine's time, which a test moves."""

    def __init__(self, steady: float = 1_000.0) -> None:
        self.steady = steady
        self.wall = 1_700_000_000.0
        self.boot = "first"

    def __call__(self) -> Moment:
        return Moment(self.steady, self.wall, self.boot)

    def pass_by(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += seconds

    def restart(self, off: float) -> None:
        """The machine is off for a while and counts from nothing again."""
        self.wall += off
        self.steady, self.boot = 5.0, "second"


def api(**fields: object) -> Resource:
    return Resource.model_validate({"name": "api", **fields})


def entered(limits: Limits) -> Entry:
    entry = limits.enter()
    assert isinstance(entry, Entry)
    return entry


def refused(limits: Limits) -> float:
    pause = limits.enter()
    assert isinstance(pause, float)
    assert pause > 0
    return pause


# --- rates ----------------------------------------------------------------------------------


def test_who_is_refused_is_told_when_it_is_their_turn(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(rate=Rate(amount=2, seconds=60))], clock)
    entered(limits)
    clock.pass_by(10)
    entered(limits)
    clock.pass_by(5)

    assert [refused(limits) for _ in range(4)] == [45.0, 55.0, 105.0, 115.0]


def test_nobody_is_sent_away_for_long_because_of_others_who_wait(tmp_path: Path) -> None:
    limits = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=60))], Clock())
    entered(limits)

    assert max(refused(limits) for _ in range(100)) == 300.0


def test_those_who_were_expected_and_did_not_come_hold_nobody_up(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=10))], clock)
    entered(limits)
    for _ in range(5):
        refused(limits)
    clock.pass_by(10)

    entered(limits)


def test_a_restart_of_the_machine_gives_no_tokens_back(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=600))], clock)
    entered(limits)
    clock.restart(off=200)

    assert refused(limits) == pytest.approx(400.0)


def test_setting_the_clock_changes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=600))], clock)
    entered(limits)
    clock.wall += 10_000

    assert refused(limits) == 600.0


def test_a_clock_that_went_back_over_a_restart_only_makes_the_wait_longer(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=60))], clock)
    entered(limits)
    clock.restart(off=-10_000)

    assert refused(limits) == 60.0


def test_a_plan_with_a_narrower_limit_does_not_make_others_forget(tmp_path: Path) -> None:
    clock = Clock()
    wide = Limits(tmp_path, [api(rate=Rate(amount=3, seconds=60))], clock)
    narrow = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=1))], clock)
    for limits in (wide, wide, narrow):
        clock.pass_by(2)
        entered(limits)

    assert refused(wide) == pytest.approx(56.0)


def test_all_resources_let_an_attempt_in_or_none(tmp_path: Path) -> None:
    clock = Clock()
    slow, fast = Resource(name="slow", rate=Rate(amount=1, seconds=60)), api(rate=Rate(amount=1, seconds=1))
    entered(Limits(tmp_path, [slow], clock))

    assert refused(Limits(tmp_path, [slow, fast], clock)) == 60.0
    entered(Limits(tmp_path, [fast], clock))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"starts": "x"}', '{"starts": [NaN]}', "\0" * 100])
def test_a_damaged_memory_is_none(tmp_path: Path, content: str) -> None:
    limits = Limits(tmp_path, [api(rate=Rate(amount=1, seconds=60))], Clock())
    (tmp_path / "api.json").write_text(content)

    entered(limits)
    refused(limits)


def test_a_folder_that_cannot_be_used_is_an_error_that_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    limits = Limits(tmp_path / "file", [api(rate=Rate(amount=1, seconds=60))])

    with pytest.raises(EngineError, match="shared_folder"):
        limits.enter()


@settings(deadline=None)  # the disk takes its time
@given(
    amount=st.integers(1, 4),
    seconds=st.floats(0.5, 20.0),
    pauses=st.lists(st.floats(0.0, 8.0), min_size=1, max_size=20),
    restart=st.integers(0, 20),
)
def test_no_window_sees_more_starts_than_the_rate_whoever_asks(
    amount: int, seconds: float, pauses: list[float], restart: int
) -> None:
    clock, starts = Clock(), []
    with TemporaryDirectory() as folder:
        for number, pause in enumerate(pauses):
            clock.pass_by(pause)
            if number == restart:
                clock.restart(off=1.0)
            # Each asks in a process of its own.
            if isinstance(Limits(Path(folder), [api(rate=Rate(amount=amount, seconds=seconds))], clock).enter(), Entry):
                starts.append(clock.wall)

    for first, later in zip(starts, starts[amount:], strict=False):
        assert later >= first + seconds - 1e-6


HAMMER = """
import json, sys, time
from pathlib import Path
from airflow_provider.running import steady
from airflow_provider.running.limits import Entry, Limits
from taskgraph_core.ir import Rate, Resource

asked = []
def clock():
    asked.append(steady.now())
    return asked[-1]

limits = Limits(Path(sys.argv[1]), [Resource(name="api", rate=Rate(amount=3, seconds=0.25))], clock)
starts = []
while len(starts) < 6:
    found = limits.enter()
    if isinstance(found, Entry):
        starts.append(asked[-1].steady)
        limits.leave(found, "success")
    else:
        time.sleep(found / 10)  # hammering, not as told
print(json.dumps(starts))
"""


def test_processes_that_hammer_at_once_keep_one_rate_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HAMMER, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    starts = sorted(start for process in running for start in json.loads(process.communicate()[0]))

    assert len(starts) == 24
    assert all(later >= first + 0.25 for first, later in zip(starts, starts[3:], strict=False))
    assert all(first < later for first, later in pairwise(starts))


# --- circuit breakers -----------------------------------------------------------------------


def test_a_circuit_opens_lets_one_probe_in_and_closes_for_all(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(breaker=Breaker(failures=2, open=60))], clock)
    assert limits.leave(entered(limits), "failed") == []
    assert limits.leave(entered(limits), "failed") == ["api"]
    assert refused(limits) == 60.0
    clock.pass_by(60)
    probe = entered(limits)
    assert refused(limits) == 30.0  # nobody knows how long it takes
    limits.leave(probe, "success")

    limits.leave(entered(limits), "failed")
    entered(limits)


def test_a_probe_that_fails_opens_it_again(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(breaker=Breaker(failures=1, open=10))], clock)
    limits.leave(entered(limits), "failed")
    clock.pass_by(10)

    assert limits.leave(entered(limits), "failed") == ["api"]
    assert refused(limits) == 10.0


def test_what_began_before_it_opened_counts_for_nothing(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(breaker=Breaker(failures=1, open=10))], clock)
    early, late = entered(limits), entered(limits)
    limits.leave(early, "failed")
    limits.leave(late, "success")

    assert refused(limits) == 10.0
    clock.pass_by(10)
    limits.leave(entered(limits), "success")
    entered(limits)


def test_a_prober_that_dies_leaves_its_place_to_the_next(tmp_path: Path) -> None:
    resource = api(breaker=Breaker(failures=1, open=0.01))
    limits = Limits(tmp_path, [resource])
    limits.leave(entered(limits), "failed")
    code = (
        "import sys, time; from pathlib import Path; from airflow_provider.running.limits import Limits\n"
        "from taskgraph_core.ir import Resource\n"
        "limits = Limits(Path(sys.argv[1]), [Resource.model_validate_json(sys.argv[2])])\n"
        "while isinstance(limits.enter(), float): time.sleep(0.01)\n"
        "print('in', flush=True); time.sleep(600)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), resource.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as prober:
        assert prober.stdout is not None
        assert prober.stdout.readline() == b"in\n"
        assert refused(limits) == 0.2
        prober.send_signal(signal.SIGKILL)
        prober.wait()

        limits.leave(entered(limits), "success")
    assert entered(limits).probes == {}


def test_a_forked_copy_of_the_prober_keeps_nobody_out(tmp_path: Path) -> None:
    clock = Clock()
    limits = Limits(tmp_path, [api(breaker=Breaker(failures=1, open=10))], clock)
    limits.leave(entered(limits), "failed")
    clock.pass_by(10)
    probe = entered(limits)
    handles = {name: os.dup(handle) for name, handle in probe.probes.items()}  # as a fork does
    limits.leave(probe, "failed")
    clock.pass_by(10)

    assert entered(limits).probes
    for handle in handles.values():
        os.close(handle)


def test_the_dead_do_not_hold_the_memory(tmp_path: Path) -> None:
    code = (
        "import fcntl, os, sys, time\n"
        "handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
        "fcntl.flock(handle, fcntl.LOCK_EX); print('held', flush=True); time.sleep(600)\n"
    )
    lock = tmp_path / "api.lock"
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with lock.open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        holder.send_signal(signal.SIGKILL)
        entered(Limits(tmp_path, [api(rate=Rate(amount=1, seconds=1))]))


@settings(deadline=None)  # the disk takes its time
@given(
    failures=st.integers(1, 3),
    amount=st.integers(1, 3),
    steps=st.lists(
        st.tuples(st.floats(0.0, 10.0), st.sampled_from(["enter", "success", "failed", "skipped", None])), max_size=40
    ),
)
def test_it_lets_in_exactly_what_the_schedulers_gate_lets_in(
    failures: int, amount: int, steps: list[tuple[float, Outcome | None]]
) -> None:
    clock = Clock()
    gate = Gate(GateRate(amount, 10.0), GateBreaker(failures, 15.0))
    resource = api(rate=Rate(amount=amount, seconds=10), breaker=Breaker(failures=failures, open=15))
    inside: list[tuple[int, Entry]] = []
    rank = 0
    with TemporaryDirectory() as folder:
        for pause, what in steps:
            clock.pass_by(pause)
            limits = Limits(Path(folder), [resource], clock)
            if what == "enter":
                found = limits.enter()
                assert isinstance(found, Entry) == (gate.opens_at(clock.steady) <= clock.steady)
                if isinstance(found, Entry):
                    gate.enter(rank, clock.steady)
                    inside.append((rank, found))
                    rank += 1
            elif inside:
                number, entry = inside.pop(0)
                assert limits.leave(entry, what) == (["api"] if gate.leave(number, what, clock.steady) else [])
        for _, entry in inside:
            limits.leave(entry, None)
