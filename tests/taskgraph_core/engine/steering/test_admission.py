"""When a machine counts as full, and what follows for a run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of
from taskgraph_core.engine import run
from taskgraph_core.engine.events import LimitChanged, TaskEnded, TaskStarted
from taskgraph_core.engine.steering.admission import RELIEF, Admission
from taskgraph_core.engine.steering.machine import Machine
from taskgraph_core.ir import Command, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Project

MEMINFO = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: {} kB\nBuffers: 0 kB\n"


class Told(Machine):
    """A machine that says what it was told, the last for ever."""

    def __init__(self, memory: list[float | None], load: float | None = None) -> None:
        self.told = memory
        self.loaded = load
        self.looks = 0

    def memory(self) -> float | None:
        self.looks += 1
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]

    def load(self) -> float | None:
        return self.loaded


# --- what the system says -----------------------------------------------------------------------


def system(root: Path, available: int, groups: str = "", files: dict[str, str] | None = None) -> Machine:
    texts = {"proc/meminfo": MEMINFO.format(available), "proc/self/cgroup": groups, **(files or {})}
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Machine(root)


def test_memory_in_use_is_what_is_not_available(tmp_path: Path) -> None:
    assert system(tmp_path, 250).memory() == 0.75


@pytest.mark.parametrize("place", ["", "user.slice/run.scope"])
def test_a_container_of_version_2_has_less_and_its_cached_files_do_not_count(tmp_path: Path, place: str) -> None:
    folder = f"sys/fs/cgroup/{place}"
    machine = system(
        tmp_path,
        250,
        "0::/user.slice/run.scope\n",
        {
            f"{folder}/memory.max": "102400\n",
            f"{folder}/memory.current": "100352\n",
            f"{folder}/memory.stat": "anon 80000\ninactive_file 2048\nactive_file 2048\n",
        },
    )

    assert machine.memory() == pytest.approx((100352 - 4096) / 102400)


def test_a_container_of_version_1_has_less_also_where_the_limit_is_further_up(tmp_path: Path) -> None:
    folder = "sys/fs/cgroup/memory/docker"
    machine = system(
        tmp_path,
        250,
        "9:name=systemd:/x\n4:memory:/docker/abc\n0::/x\n",
        {
            f"{folder}/abc/memory.limit_in_bytes": "9223372036854771712\n",
            f"{folder}/memory.limit_in_bytes": "102400\n",
            f"{folder}/memory.usage_in_bytes": "92160\n",
            f"{folder}/memory.stat": "active_file 7\ntotal_inactive_file 0\ntotal_active_file 0\n",
        },
    )

    assert machine.memory() == 0.9


def test_a_group_without_a_limit_does_not_matter(tmp_path: Path) -> None:
    machine = system(tmp_path, 500, "0::/a\n", {"sys/fs/cgroup/a/memory.max": "max\n"})

    assert machine.memory() == 0.5


@pytest.mark.parametrize("text", ["", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "MemTotal: x\nMemAvailable: y\n"])
def test_a_system_that_says_nothing_sensible_says_nothing(tmp_path: Path, text: str) -> None:
    assert Machine(tmp_path).memory() is None
    system(tmp_path, 1)
    (tmp_path / "proc/meminfo").write_text(text)
    assert Machine(tmp_path).memory() is None


ONLY_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")


@ONLY_LINUX
def test_this_machine_tells() -> None:
    machine = Machine()

    assert 0 < (machine.memory() or 0) <= 1
    assert machine.load() is not None


# --- what the policy makes of it --------------------------------------------------------------------


def test_too_much_memory_in_use_is_said_until_it_is_clearly_less() -> None:
    admission = Admission(Policy(max_memory=0.8), Told([0.8, 0.81, 0.95, 0.8, 0.77, 0.8 * RELIEF, 0.8]))

    assert [admission.look() for _ in range(7)] == ["", *["81 % of the memory is in use"] * 4, "", ""]


def test_load_counts_only_where_the_policy_says_so() -> None:
    assert Admission(Policy(), Told([0.1], load=100.0)).look() == ""
    assert Admission(Policy(max_load=2), Told([0.1], load=2.5)).look() == "the load is 2.5 per CPU"


def test_a_machine_that_says_nothing_is_not_full() -> None:
    admission = Admission(Policy(max_memory=0.5, max_load=1), Told([0.9, None]))

    assert admission.look()
    assert admission.look() == ""


def test_without_a_limit_nobody_looks() -> None:
    assert not Admission(Policy(max_memory=1), Told([1.0])).watches


@given(st.lists(st.floats(0, 1)), st.floats(0.01, 0.99))
def test_it_changes_its_mind_only_when_a_threshold_is_crossed(shares: list[float], threshold: float) -> None:
    admission = Admission(Policy(max_memory=threshold), Told([*shares, 0.0]))
    full = False
    for share in shares:
        full = share > threshold or (full and share > threshold * RELIEF)
        assert bool(admission.look()) == full


# --- what a run makes of it ---------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Told], None]:
    def use(told: Told) -> None:
        monkeypatch.setattr(run, "Machine", lambda: told)

    return use


def most_at_once(project: Project) -> int:
    running = most = 0
    for event in project.events:
        running += isinstance(event, TaskStarted) - isinstance(event, TaskEnded)
        most = max(most, running)
    return most


def test_on_a_full_machine_one_task_goes_on(project: Project, machine: Callable[[Told], None]) -> None:
    machine(Told([0.95]))
    record = project.run(graph_of(*"abcd", tasks={name: {"action": Command(shell="sleep 0.05")} for name in "abcd"}))

    assert record.state == "success"
    assert most_at_once(project) == 1
    (change,) = project.of(LimitChanged)
    assert (change.parallel, change.reason) == (1, "95 % of the memory is in use")


@ONLY_LINUX
def test_this_very_machine_can_be_too_full(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "Machine", Machine)
    tasks = {name: {"action": Command(shell="sleep 0.05")} for name in "abc"}
    record = project.run(graph_of(*"abc", tasks=tasks, policy=Policy(max_memory=1e-6)))

    assert record.state == "success"
    assert most_at_once(project) == 1


def test_when_the_machine_is_free_again_more_start(project: Project, machine: Callable[[Told], None]) -> None:
    machine(Told([0.95, 0.1]))
    # Two that wait for each other: only together do they end.
    meet = {
        "a": {"action": Command(shell="until [ -e b ]; do sleep 0.02; done")},
        "b": {"action": Command(shell="touch b")},
    }
    record = project.run(graph_of("a", "b", tasks=meet))

    assert record.state == "success"
    assert [change.parallel for change in project.of(LimitChanged)] == [1, 8]


def test_a_run_of_one_task_at_a_time_is_not_told_of_a_full_machine(
    project: Project, machine: Callable[[Told], None]
) -> None:
    machine(Told([0.95]))
    project.run(graph_of("a", "b"), max_parallel=1)

    assert project.of(LimitChanged) == []


def test_a_policy_without_limits_never_looks(project: Project, machine: Callable[[Told], None]) -> None:
    told = Told([0.95])
    machine(told)
    project.run(graph_of("a", policy=Policy(max_memory=1)))

    assert told.looks == 0
