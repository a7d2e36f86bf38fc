"""The journal: every transition of a run, on disk before it is acted on, so that a run survives its engine.

``store`` writes, ``read`` reads; in between lies SQLite in its write-ahead mode, one transaction for each
batch of events. ``codec`` says what a row holds, ``wal`` and ``image`` read the two files without SQLite's
silent repair, ``story`` is what they tell.
"""

from taskgraph_core.engine.journal.reading import read
from taskgraph_core.engine.journal.story import Story

__all__ = ["Story", "read"]
