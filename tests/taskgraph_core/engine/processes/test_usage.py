"""What a program used, and what nobody knows."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes.usage import wait_for
from taskgraph_core.ir import Command, Task, TaskGraph

if TYPE_CHECKING:
    from taskgraph_core.record import Attempt

    from .conftest import Project


def only(project: Project, *argv: str) -> Attempt:
    task = Task(id="1", action=Command(argv=argv))
    return project.run(TaskGraph(id="one", tasks=(task,))).tasks[0].attempts[0]


def test_memory_beyond_that_of_the_engine_is_known(project: Project) -> None:
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + 100_000_000
    attempt = only(project, sys.executable, "-c", f"held = b'x' * {more}")
    assert attempt.peak_memory is not None
    assert more <= attempt.peak_memory <= more + 200_000_000


def test_memory_of_a_child_that_was_waited_for_counts(project: Project) -> None:
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + 100_000_000
    attempt = only(project, "sh", "-c", f'"{sys.executable}" -c "held = b\'x\' * {more}"; true')
    assert attempt.peak_memory is not None
    assert attempt.peak_memory >= more


def test_what_is_only_the_engines_own_memory_is_not_passed_off_as_the_programs(project: Project) -> None:
    assert only(project, "true").peak_memory is None


def test_the_time_a_program_computes_counts_and_the_time_it_sleeps_does_not(project: Project) -> None:
    busy = only(project, sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass")
    idle = only(project, "sleep", "0.5")
    assert busy.cpu_seconds is not None
    assert idle.cpu_seconds is not None
    assert 0.3 <= busy.cpu_seconds <= 3.0
    assert idle.cpu_seconds <= 0.3


def test_a_failed_program_has_used_something_as_well(project: Project) -> None:
    assert only(project, "sh", "-c", "exit 3").cpu_seconds is not None


def test_the_exit_code_is_that_of_the_program_or_minus_its_signal() -> None:
    codes = []
    for line in ("exit 7", "kill -TERM $$"):
        popen = subprocess.Popen(["/bin/sh", "-c", line])
        codes.append(wait_for(popen.pid).code)
        popen.returncode = 0
    assert codes == [7, -15]
