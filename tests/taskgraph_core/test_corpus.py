"""Real plans from public repositories, if they lie beside the project: each is read, or refused with reasons."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taskgraph_core.compile import Request, check_request, compile_request, read_source
from taskgraph_core.errors import InputError, PlanError
from taskgraph_core.findings import errors
from taskgraph_core.ir import TaskGraph

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("TASKGRAPH_CORPUS") or ROOT / ".." / "shared" / "corpus").resolve()
BROKEN = CORPUS.with_name(f"{CORPUS.name}-broken")

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="no plans to read: name a folder of them in TASKGRAPH_CORPUS"
)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.json")), ids=lambda path: path.stem)
def test_a_real_plan_is_a_graph_or_has_errors_to_show(path: Path) -> None:
    source = read_source(Request(str(path)))
    assert not isinstance(source.content, TaskGraph)

    for tag in source.content.tags:
        findings = check_request(Request(str(path), tag=tag), source)
        for scope in ("due", "again", "whole"):
            try:
                graph = compile_request(Request(str(path), tag=tag, scope=scope), source).graph
            except PlanError:
                assert errors(findings)
            else:
                assert not errors(findings)
                assert TaskGraph.model_validate_json(graph.model_dump_json()) == graph


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_its_place_and_a_way_out(path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_source(Request(str(path)))

    assert error.value.where.startswith(f"{path}, line ")
    assert error.value.fix
