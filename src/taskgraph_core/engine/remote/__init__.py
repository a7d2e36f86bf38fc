"""Attempts on an existing cluster instead of this machine; the scheduler, the journal and the record stay here.

    executor ─order─▶ on_dask / on_ray ─────▶ worker.job ─▶ a supervisor with the program, or a function
        ▲                  │    ▲                  │
        └──────reply───────┘    └──"go on?"────────┘

Nothing of ours is installed on the workers (``package``). A job begins only with the engine's word, and ends by itself
when it has not had one for as long as a lease holds (``cluster``).
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from taskgraph_core.errors import TaskgraphError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from taskgraph_core.engine.remote.cluster import Cluster


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Cluster]:
    """A connection to the cluster at ``dask://host:port``, ``ray://host:port`` or ``ray://auto``.

    Raises:
        TaskgraphError: it is no such address, its package is not installed, or nobody answers there.
    """
    scheme = _scheme(url)
    cluster: Cluster
    if scheme == "dask":
        from taskgraph_core.engine.remote.on_dask import DaskCluster  # noqa: PLC0415 - only what is used

        cluster = await DaskCluster.connect(url)
    else:
        from taskgraph_core.engine.remote.on_ray import RayCluster  # noqa: PLC0415

        cluster = await RayCluster.connect(url)
    try:
        yield cluster
    finally:
        await cluster.close()


def _scheme(url: str) -> str:
    try:
        parts = urlsplit(url)
        complete = bool(parts.hostname and parts.port) or (parts.scheme, parts.netloc) == ("ray", "auto")
    except ValueError:  # a port that is none
        complete = False
    if not complete or parts.scheme not in ("dask", "ray") or parts.path or parts.query or parts.fragment:
        msg = "this is not the address of a cluster"
        raise TaskgraphError(msg, where=url, fix="write dask://host:8786, ray://host:10001 or ray://auto")
    return parts.scheme
