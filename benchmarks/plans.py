"""Plans to measure with: realistic text, and the shapes on which naive checks explode."""

from __future__ import annotations

import json
import random
from typing import Any

DETAILS = "Keep it small. Write the test first, then the code, then look at both again.\n" * 3


def task(number: int, depends_on: list[int]) -> dict[str, Any]:
    """One task with as much text as the median real one (about 700 bytes)."""
    return {
        "id": number,
        "title": f"Task {number}: build one part of the whole",
        "description": "What this part is for, in two sentences, as people and tools write it into real plans.",
        "status": "pending",
        "priority": ("low", "medium", "high")[number % 3],
        "dependencies": depends_on,
        "details": DETAILS,
        "testStrategy": "Unit tests for the rules, one integration test for the path through all of them.",
        "subtasks": [],
    }


def write(edges: list[list[int]]) -> str:
    """A tagged plan; item n lists what task n + 1 waits for."""
    tasks = [task(number, depends_on) for number, depends_on in enumerate(edges, start=1)]
    return json.dumps({"master": {"tasks": tasks}}, indent=2)


def layered(size: int, seed: int = 1) -> list[list[int]]:
    """Up to three dependencies among the previous thirty tasks."""
    rng = random.Random(seed)
    return [
        sorted({rng.randrange(max(1, number - 30), number) for _ in range(rng.randrange(1, 4))}) if number > 1 else []
        for number in range(1, size + 1)
    ]


def diamonds(count: int) -> list[list[int]]:
    """A row of diamonds: the number of paths doubles with each."""
    edges: list[list[int]] = [[]]
    for _ in range(count):
        top = len(edges)
        edges += [[top], [top], [top + 1, top + 2]]
    return edges


def tangled(size: int, seed: int = 1) -> list[list[int]]:
    """Two dependencies each among the previous twenty."""
    rng = random.Random(seed)
    return [sorted(rng.sample(range(max(1, number - 20), number), min(2, number - 1))) for number in range(1, size + 1)]


def chain(size: int) -> list[list[int]]:
    """Each waits for the one before it."""
    return [[number - 1] if number > 1 else [] for number in range(1, size + 1)]
