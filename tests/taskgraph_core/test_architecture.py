from __future__ import annotations

import ast
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskgraph_core import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CORE = ROOT / "src" / "taskgraph_core"
RULE_TESTS = ROOT / "tests" / "taskgraph_core" / "rules"
OURS = "taskgraph_core"
FORBIDDEN = {"airflow", "airflow_provider", "prefect", "prefect_integration"}

MODULES = sorted(CORE.rglob("*.py"))
RULES = sorted(
    path.stem for path in (CORE / "rules").glob("*.py") if re.search(r"^CODE = ", path.read_text(), re.MULTILINE)
)


def imports(path: Path) -> Iterator[str]:
    """Dotted names a file imports anywhere, also inside functions and for type checkers only."""
    package = [OURS, *path.relative_to(CORE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*above, *([node.module] if node.module else [])])


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


# --- directions ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_neither_an_engine_nor_an_adapter(path: Path) -> None:
    assert packages(path).isdisjoint(FORBIDDEN)


@pytest.mark.parametrize("name", ["ir.py", "record.py"])
def test_the_models_import_nothing_of_ours(name: str) -> None:
    assert OURS not in packages(CORE / name)


@pytest.mark.parametrize("path", sorted((CORE / "scheduler").glob("*.py")), ids=lambda path: path.name)
def test_the_scheduler_can_be_shipped_alone_under_any_name(path: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.ImportFrom) and node.level]
    others = [name for name in imports(path) if not name.startswith(f"{OURS}.scheduler")]

    assert all(node.level == 1 for node in nodes)
    assert {name.partition(".")[0] for name in others} <= sys.stdlib_module_names


def test_the_imports_of_a_file_are_all_seen() -> None:
    seen = set(imports(CORE / "compile.py"))

    assert {"taskgraph_core.rules", "taskgraph_core.analysis.conflicts", "pathlib", "__future__"} <= seen


# --- rules ----------------------------------------------------------------------------------


def test_there_are_rules() -> None:
    assert len(RULES) >= 27


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_registered_once_and_tested_by_name(name: str) -> None:
    check = import_module(f"taskgraph_core.rules.{name}").check

    assert [*rules.PLAN_RULES, *rules.THOROUGH, *rules.GRAPH_RULES].count(check) == 1
    assert (RULE_TESTS / f"test_{name}.py").is_file()


def test_whatever_is_registered_is_a_rule() -> None:
    registered = {check.__module__ for check in (*rules.PLAN_RULES, *rules.THOROUGH, *rules.GRAPH_RULES)}

    assert registered == {f"taskgraph_core.rules.{name}" for name in RULES}


def test_every_rule_has_a_code_of_its_own_and_says_it_first() -> None:
    modules = [import_module(f"taskgraph_core.rules.{name}") for name in RULES]
    codes = [module.CODE for module in modules]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"TG[1-4]\d\d", code) for code in codes)
    assert all((module.__doc__ or "").startswith(f"{module.CODE}: ") for module in modules)


def test_every_code_is_documented() -> None:
    documented = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")

    assert all(import_module(f"taskgraph_core.rules.{name}").CODE in documented for name in RULES)
