"""What a kind of row needs of the generated file."""

from __future__ import annotations

from dataclasses import dataclass, field

Import = tuple[str, str]
"""Module and name; an empty name imports the module itself."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one kind of row needs.

    Attributes:
        imports: what the code below uses.
        functions: functions and classes of the file, by name, so that pieces can share them.
        branch: the part of ``make_task`` that makes this kind of task.
    """

    imports: tuple[Import, ...]
    functions: dict[str, str] = field(default_factory=dict)
    branch: str = ""


STANDARD = "airflow.providers.standard"
"""Airflow's standard provider."""
