"""A plan's report for the terminal: the numbers, the critical path, waves, conflicts and a Gantt chart.

Nothing here is read as rich markup, and no character of a title can move the cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from taskgraph_core.analysis.gantt import CRITICAL, FAINT, LEGEND, gantt
from taskgraph_core.duration import human
from taskgraph_core.show.describe import counted
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from taskgraph_core.analysis.report import PlanReport
    from taskgraph_core.ir import TaskGraph

MOST_ON_PATH = 40
MOST_WAVES = 8
MOST_CONFLICTS = 8
MOST_PAIRS = 40


def render(report: PlanReport, graph: TaskGraph, width: int) -> RenderableType:
    """Everything a person wants to know before a run; no line is wider than ``width`` cells."""
    sections = (
        _headline(report, graph),
        _critical_path(report, width),
        _waves(report),
        _conflicts(report),
        _chart(report, graph, width),
    )
    lines: list[Text] = []
    for section in sections:
        found = list(section)
        lines += [Text(), *found] if lines and found else found
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def _headline(report: PlanReport, graph: TaskGraph) -> Iterator[Text]:
    prediction, bounds = report.prediction, report.bounds
    edges = "1 dependency" if report.edges == 1 else f"{report.edges} dependencies"
    yield Text.assemble(
        (plain(graph.title) or graph.id, "bold"), (f"  {counted(report.tasks, 'task')}, {edges}", FAINT)
    )
    yield Text()
    yield _fact("predicted", human(prediction.seconds), f"with {counted(prediction.workers, 'worker')}", "bold green")
    gain = f"{prediction.speed_up:.1f} times as long; {100 * report.reduction:.0f} % saved"
    yield _fact("one by one", human(bounds.sequential), gain if prediction.speed_up > 1 else "")
    yield _fact("lower bound", human(bounds.seconds), _bound(report))
    best = "with more, nothing is gained"
    if report.best_workers != prediction.workers:
        best = f"for {human(report.best_seconds)}; {best}"
    yield _fact("best", counted(report.best_workers, "worker"), best)
    yield _fact("parallel", counted(len(report.widest), "task"), "at most can run at the same time")
    if report.measured:
        estimates = sum(task.action.kind != "noop" for task in graph.tasks)
        yield _fact("measured", f"{report.measured} of {estimates}", "estimates come from earlier runs")


def _fact(name: str, value: str, remark: str, style: str = "bold") -> Text:
    return Text.assemble("  ", (f"{name:<12}", FAINT), (f"{value:<13}", style), remark)


def _bound(report: PlanReport) -> str:
    bounds, predicted = report.bounds, report.prediction.seconds
    if bounds.scarce_resource is not None:
        reason = f"what {plain(bounds.scarce_resource)} has to bear"
    elif bounds.workers > bounds.critical_path:
        reason = "all work, shared evenly"
    else:
        reason = "the critical path"
    if predicted <= bounds.seconds * (1 + 1e-9):
        return f"{reason}; no order of tasks is faster"
    return f"{reason}; predicted is {100 * (predicted / bounds.seconds - 1):.0f} % more"


def _critical_path(report: PlanReport, width: int) -> Iterator[Text]:
    path = report.critical_path
    if not path.tasks:
        return
    ids = [plain(task_id) for task_id in path.tasks]
    if len(ids) > MOST_ON_PATH:
        half = MOST_ON_PATH // 2
        ids = [*ids[:half], f"… {len(ids) - 2 * half} more …", *ids[-half:]]
    tight = sum(not slack for slack in path.slack.values()) - len(path.tasks)
    others = f"; {counted(tight, 'other task')} may not be late either" if tight else ""
    yield _heading("Critical path", f"{human(path.seconds)}, {counted(len(path.tasks), 'task')}{others}")
    for line in _flow(ids, " → ", width - 2):
        yield Text(f"  {line}", CRITICAL)


def _waves(report: PlanReport) -> Iterator[Text]:
    waves = report.waves
    if len(waves) < 2:
        return
    yield _heading("Waves", f"{len(waves)}, by what lies before a task; nothing waits for a whole wave")
    shown = waves if len(waves) <= MOST_WAVES else waves[: MOST_WAVES - 1]
    for number, wave in enumerate(shown, start=1):
        yield Text.assemble((f"  {number:>2}", "bold"), (f"  {len(wave):>4}  ", FAINT), " ".join(map(plain, wave)))
    if rest := waves[len(shown) :]:
        tasks = counted(sum(map(len, rest)), "task")
        yield Text(f"      and {len(rest)} more with {tasks}, at most {max(map(len, rest))} in one", FAINT)


def _conflicts(report: PlanReport) -> Iterator[Text]:
    found = report.conflicts
    if not found.total:
        return
    pairs: dict[str, list[str]] = {}
    for conflict in found.listed:
        pairs.setdefault(conflict.resource, []).append(f"{plain(conflict.first)} {plain(conflict.second)}")
    number = "1 pair" if found.total == 1 else f"{found.total} pairs"
    yield _heading("Conflicts", f"{number} of tasks, in no set order but kept apart as they run")
    shown = sorted(pairs, key=lambda name: -len(pairs[name]))[:MOST_CONFLICTS]
    for name in shown:
        yield Text.assemble(
            f"  {plain(name)}", (f"  {len(pairs[name]):>4}  ", FAINT), ", ".join(pairs[name][:MOST_PAIRS])
        )
    rest = found.total - sum(len(pairs[name]) for name in shown)
    if rest:
        yield Text(f"  and {counted(rest, 'more pair')}", FAINT)


def _chart(report: PlanReport, graph: TaskGraph, width: int) -> Iterator[Text]:
    lines = gantt(report, graph, width)
    if not lines:
        return
    yield _heading("Predicted run", LEGEND)
    yield from lines
    idle = report.tasks - len(report.prediction.bars)
    if idle:
        yield Text(f"  not shown: {counted(idle, 'task')} that would run only after a failure", FAINT)


def _heading(name: str, remark: str) -> Text:
    return Text.assemble((name, "bold"), (f"  {remark}", FAINT))


def _flow(words: Sequence[str], separator: str, width: int) -> Iterator[str]:
    """Words in lines of at most so many cells, a separator at the end of each but the last."""
    line = ""
    for word in words:
        longer = f"{line}{separator}{word}" if line else word
        if line and cell_len(longer + separator) > width:
            yield line + separator.rstrip()
            line = word
        else:
            line = longer
    yield line
