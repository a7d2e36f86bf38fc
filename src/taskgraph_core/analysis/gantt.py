"""A Gantt chart for the terminal: one row a task, one a group, or one for several where there are too many.

    busy                           ▅▅▅█████▅▅▅▅▅▅▅▅▅▅        68 %
    ▸ 1 Set the project up         ████████┊                      1 min
      2 Collect the texts          ████    ┊           +2 min    30 s
    ▸ 3 Build                      ┊       █████─────           1 min 10 s
    ▸   3.1 Parser                 ┊       █████                30 s

A cell of the chart is two halves, so a bar is drawn to half a column. What is on the critical path has
a sign as well as a colour. Nothing here is read as rich markup, so no title can be taken for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from taskgraph_core.duration import human
from taskgraph_core.show.describe import counted
from taskgraph_core.show.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskgraph_core.analysis.predict import Bar
    from taskgraph_core.analysis.report import PlanReport
    from taskgraph_core.ir import TaskGraph

MOST_ROWS = 80
"""More rows than these are drawn together: groups in one row first, then neighbours."""

WIDE = 100
"""From this width on, a row says as well how long it takes."""

CRITICAL = "red"
OTHER = "blue"
FAINT = "bright_black"
SIGN = "▸"
LEGEND = f"{SIGN} on the critical path   ◆ takes no time"
_LEVELS = " ▁▂▃▄▅▆▇█"
_CLOSEST = 7
_NOTE = "{:>11}{:>12}"
_STEPS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800),
    *(3600, 7200, 10800, 21600, 43200, 86400, 2 * 86400, 5 * 86400, 10 * 86400, 20 * 86400, 50 * 86400),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What is drawn in one line; ``spans`` joins its bars by a line, ``slack`` is the least among its tasks."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    slack: float
    indent: int = 0
    spans: bool = False


def gantt(report: PlanReport, graph: TaskGraph, width: int) -> list[Text]:
    """The chart's lines, none wider than ``width`` cells; empty if nothing takes time."""
    seconds = report.prediction.seconds
    if not seconds:
        return []
    rows = rows_of(report, graph)
    critical = frozenset(report.critical_path.tasks)
    labels = [_label(row, critical) for row in rows]
    left = min(max(cell_len(label.plain) for label in labels), max(16, min(48, width * 2 // 5))) + 1
    notes = [_note(row, wide=width >= WIDE) for row in rows]
    busy = f"{100 * report.prediction.sequential_seconds / (report.prediction.workers * seconds):.0f} %"
    head = _NOTE.format("slack", "takes") if width >= WIDE else "slack"
    right = max(map(cell_len, (head, busy, *notes))) + 2
    columns = max(10, width - left - right)
    ticks = _ticks(seconds, columns)
    lines = [_line(Text(), left, _axis(ticks, columns), head, right)]
    lines.append(_line(Text("busy"), left, _load(report, columns), busy, right))
    for row, label, note in zip(rows, labels, notes, strict=True):
        lines.append(_line(label, left, _chart(row, critical, seconds, columns, set(ticks)), note, right))
    for line in lines:
        line.truncate(width)
    return lines


# --- which rows ---------------------------------------------------------------------------


def rows_of(report: PlanReport, graph: TaskGraph) -> list[Row]:
    """Rows by when they start: every task below its group, or as few as are wanted."""
    blocks = _blocks(report, graph)
    rows = [row for block in blocks for row in block]
    if len(rows) > MOST_ROWS:
        rows = [block[0] for block in blocks]
    return _together(rows, ceil(len(rows) / MOST_ROWS)) if len(rows) > MOST_ROWS else rows


def _blocks(report: PlanReport, graph: TaskGraph) -> list[list[Row]]:
    """A row for each task in no group; for each group, its row and those of its tasks."""
    slack = report.critical_path.slack
    bars = {bar.id: bar for bar in report.prediction.bars}
    alone = [task for task in graph.tasks if task.id in bars and task.group is None and task.id not in graph.groups]
    blocks = [[Row(task.id, task.title, (bars[task.id],), slack[task.id])] for task in alone]
    for group, members in graph.groups.items():
        closing = graph.by_id.get(group)
        inside = [task for task in members if task.id in bars]
        if closing is not None and closing.id in bars:
            inside.append(closing)
        if inside:
            rows = [Row(task.id, task.title, (bars[task.id],), slack[task.id], indent=2) for task in inside]
            title = closing.title if closing is not None else ""
            all_bars = tuple(bars[task.id] for task in inside)
            head = Row(group, title, all_bars, min(row.slack for row in rows), spans=True)
            shown = [row for row in rows if row.id != group or row.bars[0].end > row.bars[0].start]
            blocks.append([head, *sorted(shown, key=_start)])
    return sorted(blocks, key=lambda block: _start(block[0]))


def _start(row: Row) -> float:
    return min(bar.start for bar in row.bars)


def _together(rows: Sequence[Row], size: int) -> list[Row]:
    """Every so many neighbours in one row."""
    found = []
    for at in range(0, len(rows), size):
        part = rows[at : at + size]
        bars = tuple(bar for row in part for bar in row.bars)
        title = f"… {part[-1].id}  {counted(len(bars), 'task')}"
        found.append(replace(part[0], title=title, bars=bars, slack=min(row.slack for row in part), spans=True))
    return found


# --- drawing ------------------------------------------------------------------------------


def _label(row: Row, critical: frozenset[str]) -> Text:
    on_path = any(bar.id in critical for bar in row.bars)
    sign, style = (SIGN, CRITICAL) if on_path else (" ", "default")
    return Text.assemble(
        (f"{sign} {' ' * row.indent}", style), (plain(row.id), f"bold {style}"), f" {plain(row.title)}"
    )


def _note(row: Row, *, wide: bool) -> str:
    start, end = min(bar.start for bar in row.bars), max(bar.end for bar in row.bars)
    slack = f"+{human(row.slack)}" if row.slack else ""
    return _NOTE.format(slack, human(end - start)) if wide else slack


def _line(label: Text, left: int, chart: Text, note: str, right: int) -> Text:
    label = label.copy()
    label.truncate(left - 1, overflow="ellipsis", pad=True)
    return Text.assemble(label, " ", chart, (f"{note:>{right}}", FAINT))


def _axis(ticks: dict[int, str], columns: int) -> Text:
    line = ""
    for column, text in ticks.items():
        line = line.ljust(column) + text
    return Text(line.ljust(columns), FAINT)


def _ticks(seconds: float, columns: int) -> dict[int, str]:
    """Text by column, at round times, with room between them."""
    for step in _STEPS:
        apart = columns * step / seconds
        if apart < _CLOSEST:
            continue
        times = [at * step for at in range(int(seconds / step * (1 + 1e-9)) + 1)]
        texts = {round(columns * time / seconds): human(time) if time else "0" for time in times}
        if max(map(len, texts.values())) + 1 < apart:
            return {column: text for column, text in texts.items() if column + len(text) <= columns}
    return {0: "0"}


def _load(report: PlanReport, columns: int) -> Text:
    """How many workers are busy, column by column, as heights."""
    scale = report.prediction.seconds / columns
    work = [0.0] * columns
    for bar in report.prediction.bars:
        for column in range(int(bar.start / scale), min(columns, ceil(bar.end / scale))):
            work[column] += min(bar.end, (column + 1) * scale) - max(bar.start, column * scale)
    full = scale * report.prediction.workers
    return Text("".join(_LEVELS[min(8, ceil(8 * each / full - 1e-6))] for each in work), "green")


def _chart(row: Row, critical: frozenset[str], seconds: float, columns: int, grid: Iterable[int]) -> Text:
    """The bars of a row, two halves to a cell."""
    halves = ["" for _ in range(2 * columns)]
    milestones: dict[int, str] = {}
    per_half = seconds / (2 * columns)
    for bar in sorted(row.bars, key=lambda bar: bar.id in critical):  # what is critical is drawn last
        style = CRITICAL if bar.id in critical else OTHER
        first = min(2 * columns - 1, round(bar.start / per_half))
        if bar.end > bar.start:
            last = max(first + 1, round(bar.end / per_half))
            halves[first:last] = [style] * (last - first)
        else:
            milestones[first // 2] = style
    drawn = [column for column in range(columns) if halves[2 * column] or halves[2 * column + 1]]
    cells = []
    for column in range(columns):
        one, other = halves[2 * column], halves[2 * column + 1]
        if one or other:
            signs = "▀▘▝" if row.spans else "█▌▐"
            cells.append((signs[0 if one and other else 1 if one else 2], max(one, other)))
        elif column in milestones:
            cells.append(("◆", milestones[column]))
        elif row.spans and drawn and drawn[0] < column < drawn[-1]:
            cells.append(("─", FAINT))
        else:
            cells.append(("┊" if column in grid else " ", FAINT))
    text = Text()
    for style, run in groupby(cells, key=lambda cell: cell[1]):
        text.append("".join(sign for sign, _ in run), style)
    return text
