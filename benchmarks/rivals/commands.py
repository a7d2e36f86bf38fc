"""Whole processes that carry out a shape of commands; each contestant is an argv, made ready beforehand in a folder."""

from __future__ import annotations

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rivals.shapes import Shape

HERE = Path(__file__).parent


def contestants(shape: Shape, folder: Path) -> dict[str, list[str]]:
    """Whoever is installed and can express the shape, by name."""
    folder.mkdir()
    found = {"taskgraph": _taskgraph(shape, folder), "ninja": _ninja(shape, folder), "make -j": _make(shape, folder)}
    if shape.independent:
        found |= {"xargs -P": _xargs(shape, folder), "parallel": _parallel(shape, folder)}
    spec = folder / "shape.json"
    spec.write_text(json.dumps({"upstream": shape.upstream, "argv": shape.argv, "parallel": shape.parallel}))
    for driver in ("futures", "asyncio", *(["dask"] if find_spec("dask") else [])):
        found[driver] = [sys.executable, str(HERE / f"drive_{driver}.py"), str(spec)]
    return {name: argv for name, argv in found.items() if shutil.which(argv[0])}


def _taskgraph(shape: Shape, folder: Path) -> list[str]:
    spec = folder / "graph.json"
    spec.write_text(shape.graph().model_dump_json())
    return [_beside_python("taskgraph"), "run", str(spec), "--format", "plain"]


def _ninja(shape: Shape, folder: Path) -> list[str]:
    lines = ["rule r", f"  command = {' '.join(shape.argv)}"]
    lines += [f"build t{n}: r | {' '.join(f't{m}' for m in upstream)}" for n, upstream in enumerate(shape.upstream)]
    (folder / "build.ninja").write_text("\n".join(lines) + "\n")
    return [_beside_python("ninja"), "-C", str(folder), f"-j{shape.parallel}"]


def _make(shape: Shape, folder: Path) -> list[str]:
    names = [f"t{n}" for n in range(len(shape.upstream))]
    lines = [f"all: {' '.join(names)}", f".PHONY: all {' '.join(names)}"]
    for name, upstream in zip(names, shape.upstream, strict=True):
        lines += [f"{name}: {' '.join(f't{m}' for m in upstream)}", f"\t@{' '.join(shape.argv)}"]
    (folder / "Makefile").write_text("\n".join(lines) + "\n")
    return ["make", "-s", "-C", str(folder), f"-j{shape.parallel}"]


def _xargs(shape: Shape, folder: Path) -> list[str]:
    arguments = folder / "arguments"
    # `env` takes the number as a variable, so that commands get the arguments they are meant to get.
    arguments.write_text("".join(f"N={n}\n" for n in range(len(shape.upstream))))
    return ["xargs", "-a", str(arguments), "-P", str(shape.parallel), "-I{}", "env", "{}", *shape.argv]


def _parallel(shape: Shape, folder: Path) -> list[str]:
    jobs = folder / "jobs"
    jobs.write_text(f"{' '.join(shape.argv)}\n" * len(shape.upstream))
    return ["parallel", "-j", str(shape.parallel), "-a", str(jobs)]


def _beside_python(name: str) -> str:
    """A program of this environment, or else one on the PATH."""
    place = Path(sys.executable).with_name(name)
    return str(place) if place.exists() else name
