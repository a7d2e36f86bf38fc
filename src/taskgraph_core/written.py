"""Reading back JSON that a generator wrote, for commands that bring it to a live system."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from taskgraph_core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

Content = TypeVar("Content")

_FIX = "generate it again"


def read_written(file: Path, form: TypeAdapter[Content]) -> Content:
    """What a file says, in the form it must have.

    Raises:
        InputError: it cannot be read, is not JSON, or has another form.
    """
    try:
        return form.validate_python(json.loads(file.read_bytes()))
    except OSError as error:
        raise InputError(str(error.strerror or error).lower(), where=str(file)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        msg = f"{f'{place}: ' if place else ''}{first['msg'].lower()}"
        raise InputError(msg, where=str(file), fix=_FIX) from error
    except (ValueError, RecursionError) as error:
        msg = f"this is not JSON: {error}"
        raise InputError(msg, where=str(file), fix=_FIX) from error
