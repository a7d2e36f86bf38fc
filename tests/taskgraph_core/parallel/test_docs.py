"""What docs/parallel.md shows, works."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

TEXT = (Path(__file__).parents[3] / "docs" / "parallel.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_every_block_runs_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "parallel_docs"}
    assert len(BLOCKS) >= 9

    for number, block in enumerate(BLOCKS):
        code = compile(block, f"block {number}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(asyncio.wait_for(eval(code, names), 30))  # noqa: S307 - our own document
        else:
            exec(code, names)  # noqa: S102 - our own document


def test_every_option_is_documented() -> None:
    from taskgraph_core.parallel import Group, TaskResult, parallel  # noqa: PLC0415 - beside its use

    options = [*inspect.signature(parallel).parameters, *inspect.signature(Group.add).parameters]
    options += TaskResult.__slots__
    ours = set(options) - {"self", "what", "args", "kwargs", "journal"}

    assert {option for option in ours if not re.search(rf"\b{option}\b", TEXT)} == set()
