"""Dask's threaded scheduler: the graph as its users write it, each task a subprocess."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import dask
from dask.threaded import get


def main() -> None:
    """Carry out the shape named by the first argument."""
    shape = json.loads(Path(sys.argv[1]).read_bytes())

    def run(*_upstream: object) -> None:
        subprocess.run(shape["argv"], check=True)

    graph = {f"t{n}": (run, *(f"t{m}" for m in upstream)) for n, upstream in enumerate(shape["upstream"])}
    with dask.config.set(num_workers=shape["parallel"]):
        get(graph, list(graph))


main()
