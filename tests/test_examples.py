"""What is committed beside the examples is what the project makes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskgraph_core.compile import Request, compile_request
from taskgraph_core.generate import target
from taskgraph_core.show import render

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ["nightly", "plan"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_committed_dag_is_what_the_generator_prints(
    example: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("TASKMASTER_TAG", raising=False)
    airflow = target("airflow")
    graph = compile_request(Request(f"examples/{example}")).graph

    files = airflow.generate(graph, airflow.options(project_dir=f"../examples/{example}")).files

    for name, text in files.items():
        golden(ROOT / "dags" / name, text)


def test_the_picture_in_the_readme_is_what_show_draws(golden: Callable[[Path, str], None]) -> None:
    graph = compile_request(Request(str(ROOT / "examples/plan"), scope="whole")).graph

    golden(ROOT / "docs" / "bookmarks.svg", render(graph, "svg"))


def test_nothing_else_lies_in_the_dags_folder() -> None:
    names = {place.name for place in (ROOT / "dags").iterdir() if not place.name.startswith(("_", "."))}

    assert names == {"nightly.py", "nightly.pools.json", "bookmarks.py", "bookmarks.pools.json"}


def test_the_example_of_a_group_fetches_all_but_the_page_that_is_not_there() -> None:
    example = [sys.executable, str(ROOT / "examples" / "parallel.py")]

    done = subprocess.run(example, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "page 10  failed   attempts 2  page 10 is not there" in done.stdout
