"""A plain driver with threads: graphlib says what is ready, a pool of threads runs subprocesses."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path


def main() -> None:
    """Carry out the shape named by the first argument."""
    shape = json.loads(Path(sys.argv[1]).read_bytes())
    order = TopologicalSorter(dict(enumerate(shape["upstream"])))
    order.prepare()
    with ThreadPoolExecutor(shape["parallel"]) as pool:
        running = {}
        while order.is_active():
            for number in order.get_ready():
                running[pool.submit(subprocess.run, shape["argv"], check=True)] = number
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                future.result()
                order.done(running.pop(future))


main()
