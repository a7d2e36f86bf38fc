from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from prefect_integration.generating.standalone import runtime_name
from prefect_integration.generating.target import TARGET, PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.generate import write_files

if TYPE_CHECKING:
    from pathlib import Path

OURS = {"prefect_integration", "taskgraph_core", "airflow_provider"}
OF_PREFECT = {"httpx", "prefect", "prefect_dask", "prefect_ray", "pydantic", "pydantic_core"}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return dict(generate(graph_of("1", id="alone"), PrefectOptions(standalone=True)).files)


def test_the_flow_imports_what_lies_beside_it(files: dict[str, str]) -> None:
    assert "from alone_runtime import main, run_table\n" in files["alone.py"]
    assert not any(name in files["alone.py"] for name in OURS)
    assert {name.partition("/")[0] for name in files if "/" in name} == {"alone_runtime"}


def test_nothing_beside_it_imports_this_package_or_anything_that_prefect_does_not_bring(files: dict[str, str]) -> None:
    tops = set()
    for text in files.values():
        if not text.startswith("# Generated"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and not node.level:
                tops.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.Import):
                tops |= {alias.name.partition(".")[0] for alias in node.names}

    assert not tops & OURS
    assert tops - sys.stdlib_module_names <= OF_PREFECT


def test_every_module_that_an_import_leads_to_is_there(files: dict[str, str], tmp_path: Path) -> None:
    place = write_files(files, tmp_path)[0]
    modules = [name[:-3].replace("/", ".") for name in files if name.startswith("alone_runtime/taskgraph_core/")]
    code = (
        "import importlib, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        f"sys.modules.update(dict.fromkeys({sorted(OURS)}))\n"
        "for name in sys.argv[2:]: importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code, str(place.parent), *modules],
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(modules) > 20
    assert done.returncode == 0, done.stderr


def test_what_is_shipped_is_clean_for_a_linter(files: dict[str, str], tmp_path: Path) -> None:
    write_files(files, tmp_path)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "."]
    done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_same_graph_gives_the_same_bytes_and_may_be_generated_again(files: dict[str, str], tmp_path: Path) -> None:
    assert generate(graph_of("1", id="alone"), PrefectOptions(standalone=True)).files == files
    for _ in range(2):
        write_files(files, tmp_path, TARGET.beside)
    assert {str(place.relative_to(tmp_path)) for place in tmp_path.rglob("*") if place.is_file()} == set(files)


def test_graphs_of_one_folder_have_packages_of_their_own() -> None:
    ids = ["plan", "my-plan", "my_plan", "2nd", "class"]
    names = [runtime_name(graph_of("1", id=name)) for name in ids]

    assert names[0] == "plan_runtime"
    assert len(set(names)) == len(ids)
    assert all(name.isidentifier() for name in names)
