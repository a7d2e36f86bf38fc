from __future__ import annotations

import ast
import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from taskgraph_core.engine.remote.package import MODULES, by_value, package

ON_CLUSTERS_ONLY = {"distributed", "ray"}

BARE = """
import sys
text, name, content = sys.stdin.buffer.read().split(b"\\0\\0", 2)
space = {}
exec(text, space)
assert not any("site-packages" in place for place in sys.path)
print(space["enter"](name.decode(), content, "engine.actions.returned:kept", {"a": (1, 2)}))
space["enter"](name.decode(), content, "engine.remote.worker.dask_side:tell", {})
print("taskgraph_core" in sys.modules)
"""


def imported(module: str, level: list[ast.stmt]) -> set[str]:
    """What a module imports when it runs, outside of functions and of what only type checkers read."""
    found: set[str] = set()
    for node in level:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            inside = node.module in ("taskgraph_core.engine", "taskgraph_core.engine.processes")
            found.update(f"{node.module}.{alias.name}" for alias in node.names) if inside else found.add(node.module)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_what_is_sent_imports_only_python_and_what_was_sent_before(name: str) -> None:
    spec = importlib.util.find_spec(f"taskgraph_core.{name}")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    before = {f"taskgraph_core.{one}" for one in MODULES[: MODULES.index(name)]}

    for wanted in imported(name, tree.body):
        assert wanted.partition(".")[0] in sys.stdlib_module_names or wanted in before, wanted


def test_a_python_without_any_package_can_run_it() -> None:
    spec = importlib.util.find_spec("taskgraph_core.engine.remote.worker.entry")
    assert spec is not None
    assert spec.origin is not None
    name, content = package()
    told = b"\0\0".join([Path(spec.origin).read_bytes(), name.encode(), content])
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", BARE], input=told, capture_output=True, check=True)

    assert ended.stdout.decode().splitlines() == ["{'a': [1, 2]}", "False"]


def test_what_goes_by_value_cannot_go_by_name() -> None:
    with pytest.raises((pickle.PicklingError, ImportError, AttributeError)):
        pickle.dumps(by_value("entry", "enter"))
    with pytest.raises((pickle.PicklingError, ImportError, AttributeError)):
        pickle.dumps(by_value("office", "Office"))
