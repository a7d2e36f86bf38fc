"""From ``taskgraph.toml`` to a ``Profile``, with errors a person can act on."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from taskgraph_core.errors import ProfileError
from taskgraph_core.profile.model import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from taskgraph_core.taskmaster.locate import Location

FILE_NAME = "taskgraph.toml"


def find_profile(location: Location) -> Path | None:
    """The profile beside a plan, in its project folder or in ``.taskmaster/``; None if there is none."""
    folders = [location.plan.parent] if location.plan else []
    for folder in (*folders, location.project, location.taskmaster):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return None


def load_profile(path: Path) -> Profile:
    """Read one profile.

    Raises:
        ProfileError: it cannot be read, is not TOML, or holds something it may not.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"cannot be read: {error.strerror}"
        raise ProfileError(msg, where=str(path)) from error
    except ValueError as error:  # not UTF-8
        msg = f"is not valid TOML: {error}"
        raise ProfileError(msg, where=str(path)) from error
    return parse_profile(text, str(path))


def parse_profile(text: str, where: str = "") -> Profile:
    """The profile that a text holds; ``where`` is what errors call it.

    Raises:
        ProfileError: it is not TOML, or holds something it may not.
    """
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, a number too long, nested too deeply
        msg = f"is not valid TOML: {error}"
        raise ProfileError(msg, where=where) from error
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        problems = [explain(item, Profile) for item in error.errors()]
        fix = "'taskgraph schema profile' prints every key"
        raise ProfileError("; ".join(problems), where=where, fix=fix) from error


def explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    """One validation error as a sentence; for an unknown key the nearest known one."""
    place = _dotted(error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key '{place}': {hint}"
    if error["type"] == "missing":
        return f"'{place}' is missing"
    message = error["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"'{place}': {message}" if place else message


def _dotted(steps: Sequence[int | str]) -> str:
    text = ""
    for step in steps:
        if step == "[key]":  # pydantic's word for the key itself being wrong
            continue
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _known_keys(model: type[BaseModel], steps: Sequence[int | str]) -> list[str]:
    for step in steps:
        field = model.model_fields.get(step) if isinstance(step, str) else None
        if field is not None:
            model = _model_in(field.annotation) or model
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - an annotation can be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
