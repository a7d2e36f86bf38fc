from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from taskgraph_core.engine.processes import procs
from taskgraph_core.servers.programs import Programs

if TYPE_CHECKING:
    from pathlib import Path

WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


def started(folder: Path, name: str) -> list[str]:
    while not (said := (folder / f"{name}.log").read_text().split()):
        pass
    return said


def test_all_of_them_end_with_what_they_started_also_in_sessions_of_its_own(tmp_path: Path) -> None:
    commands = {name: [sys.executable, "-c", WITH_A_CHILD] for name in ("one", "two")}
    programs = Programs(commands, os.environ, tmp_path)
    programs.start()
    children = [int(started(tmp_path, name)[0]) for name in commands]

    programs.end()

    assert not any(procs.look_at(process_id) for process_id in (*programs.process_ids.values(), *children))


def test_one_that_ended_by_itself_is_named_with_what_it_said(tmp_path: Path) -> None:
    commands = {"good": ["sleep", "600"], "bad": [sys.executable, "-c", "raise SystemExit('no such thing')"]}
    programs = Programs(commands, os.environ, tmp_path)
    programs.start()
    while not (ended := programs.ended()):
        pass
    programs.end()

    assert ended == {"bad": "no such thing\n"}
