"""Statuses back into the plan: what became of its tasks, written where Taskmaster and people read it.

``states`` says which status an outcome means, ``text`` puts statuses into the text of a plan, ``lock``
keeps other writers away meanwhile, and ``write`` does all of it to a file.
"""

from __future__ import annotations

from taskgraph_core.sync.states import statuses_of
from taskgraph_core.sync.text import Synced
from taskgraph_core.sync.write import sync_statuses

__all__ = ["Synced", "statuses_of", "sync_statuses"]
