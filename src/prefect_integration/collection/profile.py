"""A profile kept on the Prefect server, for plans that have none beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.blocks.core import Block
from pydantic import Field, field_validator

from taskgraph_core.errors import ProfileError
from taskgraph_core.profile.load import parse_profile

if TYPE_CHECKING:
    from taskgraph_core.profile.model import Profile


class TaskgraphProfile(Block):  # type: ignore[misc, unused-ignore]  # unknown where Prefect is not installed
    """How the tasks of a plan are carried out: the text of a ``taskgraph.toml``.

    Whoever may change the block decides which commands run, as with a deployment.

    Example::

        TaskgraphProfile(toml=Path("taskgraph.toml").read_text()).save("nightly")
        nightly = taskgraph_flow("tasks.json", profile=TaskgraphProfile.load("nightly"))
    """

    _block_type_name = "Taskgraph Profile"
    _block_type_slug = "taskgraph-profile"
    _description = "How the tasks of a plan are carried out: commands, retries, resources, schedule."

    toml: str = Field(default="", title="TOML", description="The text of a taskgraph.toml.")

    @field_validator("toml")
    @classmethod
    def _is_a_profile(cls, text: str) -> str:
        try:
            parse_profile(text)
        except ProfileError as error:
            raise ValueError(str(error)) from None
        return text

    @property
    def profile(self) -> Profile:
        """What the text says."""
        return parse_profile(self.toml)
