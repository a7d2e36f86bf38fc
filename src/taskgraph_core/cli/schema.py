"""``taskgraph schema``: the JSON Schemas that others build on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel


def schema(
    what: Annotated[Literal["graph", "profile", "record"], typer.Argument(help="Which of the three.")],
) -> None:
    """Print a JSON Schema: of a compiled graph, of taskgraph.toml, or of a run record."""
    from taskgraph_core.ir import TaskGraph  # noqa: PLC0415 - one of the three is wanted
    from taskgraph_core.profile.model import Profile  # noqa: PLC0415
    from taskgraph_core.record import RunRecord  # noqa: PLC0415

    models: dict[str, type[BaseModel]] = {"graph": TaskGraph, "profile": Profile, "record": RunRecord}
    typer.echo(json.dumps(models[what].model_json_schema(), indent=2))
