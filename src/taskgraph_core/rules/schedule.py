"""TG403: the schedule has a cron expression or a time zone that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph_core.findings import Finding
from taskgraph_core.rules.context import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskgraph_core.rules.context import GraphContext

CODE = "TG403"


def check(context: GraphContext) -> Iterator[Finding]:
    """At most one finding for the expression and one for the zone."""
    schedule = context.graph.schedule
    if schedule is None:
        return
    import pendulum  # noqa: PLC0415 - only scheduled plans pay for it
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - as above

    zone = "UTC"
    try:
        pendulum.timezone(schedule.timezone)
        zone = schedule.timezone
    except (ValueError, KeyError, OSError):
        yield Finding(
            CODE,
            "error",
            f"there is no time zone {shorten(schedule.timezone)}",
            "graph.schedule.timezone",
            fix="write an IANA name such as Europe/Oslo or UTC",
        )
    reason = "" if len(schedule.cron.split()) == 5 else "it has not five fields"
    if not reason:
        try:
            next(CronSim(schedule.cron, pendulum.now(zone)))
        except CronSimError as error:
            reason = str(error).lower()
        except StopIteration:
            reason = "it never comes"
    if reason:
        yield Finding(
            CODE,
            "error",
            f"the cron expression {shorten(schedule.cron)} is none: {reason}",
            "graph.schedule.cron",
            fix="write five fields: minute, hour, day of month, month, day of week; such as 0 2 * * *",
        )
