"""`make demo`: both examples through every step, on this machine, with the commands shown.

Everything it makes lies below ``out/demo`` and ``examples/nightly/out``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = Path("out/demo")
PLAN, NIGHTLY = "examples/plan", "examples/nightly"
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
TASKGRAPH = str(Path(sys.executable).with_name("taskgraph"))

STEPS: list[tuple[str, list[str], dict[str, str], int]] = [
    ("A development plan is checked before anybody works on it", ["check", PLAN], {}, 0),
    ("How long will it take three agents, and what decides that?", ["plan", PLAN, "--workers", "3"], {}, 0),
    ("The plan as a tree", ["show", PLAN], {}, 0),
    ("The plan as a picture", ["show", PLAN, "--as", "svg", "-o", f"{OUT}/bookmarks.svg"], {}, 0),
    ("The plan as a page with everything on it", ["show", PLAN, "--as", "html", "-o", f"{OUT}/bookmarks.html"], {}, 0),
    ("The nightly pipeline as an Airflow DAG", ["generate", "airflow", NIGHTLY, "-o", f"{OUT}/airflow"], {}, 0),
    ("The same pipeline as a Prefect flow", ["generate", "prefect", NIGHTLY, "-o", f"{OUT}/prefect"], {}, 0),
    ("The same pipeline, run here: one task fails at first, two never meet", ["run", NIGHTLY], {}, 0),
    ("A night that goes wrong at the end: what was done is undone", ["run", NIGHTLY], {"NIGHTLY_FAIL": "1"}, 1),
]


def main() -> int:
    """Run the steps; the exit code is 0 if each ended as it should."""
    os.chdir(ROOT)
    started = time.monotonic()
    for number, (title, words, extra, expected) in enumerate(STEPS, start=1):
        shown = " ".join([f"{key}={value}" for key, value in extra.items()] + ["taskgraph", shlex.join(words)])
        print(f"\n{BOLD}{number}. {title}{PLAIN}\n   $ {shown}\n", flush=True)
        code = subprocess.run([TASKGRAPH, *words], env=os.environ | extra, check=False).returncode
        if code != expected:
            print(f"\nthe demo stops here: exit code {code}, expected {expected}", file=sys.stderr)
            return 1
    print(f"\n{BOLD}Done in {time.monotonic() - started:.0f} s. The files it made:{PLAIN}")
    for place in sorted(path for folder in (OUT, Path(NIGHTLY, "out")) for path in folder.rglob("*")):
        if place.is_file():
            print(f"   {place}  ({place.stat().st_size:,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
