"""``taskgraph init``: a commented profile to start from, with examples made of the plan itself.

Two kinds of comment, as in many configuration files: ``# words`` explain, ``#key = value`` is an
example that works once its ``#`` is gone. What the plan's authors wrote comes in only as TOML
strings of printable characters, or after ``# ``, so it can neither end a line nor become a setting.
"""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

from taskgraph_core.errors import ProfileError
from taskgraph_core.taskmaster.standing import standings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taskgraph_core.taskmaster.plan import Entry, Plan

_WORDS_LIMIT = 60
_PATTERN_LIMIT = 60


def starter_profile(plan: Plan, graph_id: str) -> str:
    """The text of a ``taskgraph.toml`` for a plan; all that is set in it is a placeholder for the command."""
    return "\n".join((_HEAD, _graph(graph_id), _SETTINGS, *_rules(plan)))


def write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet; a symbolic link counts as existing.

    Raises:
        ProfileError: there is something of that name, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except FileExistsError as error:
        msg = "exists already, and is not overwritten"
        raise ProfileError(msg, where=str(path), fix="edit it, or move it away first") from error
    except OSError as error:
        msg = f"cannot be written: {error.strerror}"
        raise ProfileError(msg, where=str(path)) from error


_HEAD = """\
# How the tasks of the plan are carried out. The plan itself says what they are, and in which order.
#
# Lines that start with '# ' explain. Lines that start with '#' and no space are examples: remove the '#' to use one.
# Durations are written like "90s", "10m" or "1h30m". 'taskgraph check' says what is wrong with this file.

# Settings for the whole plan; these examples show what holds when nothing is said.
# Whether commands that stand in the plan itself are executed. Anybody who writes to the plan could then run anything.
#trust_plan_actions = false
# What the number 3 in the dependencies of a subtask means first: its "sibling", the "task", or an "earlier-sibling".
#subtask_references = "sibling"
# Whether what depends on a cancelled task may go on ("satisfies") or not ("blocks").
#cancelled = "satisfies"
# Tasks in no order that write the same thing: "lock" keeps them apart, "order" adds an edge, "error" refuses the plan.
#conflicts = "lock"
# Whether files named in a task's details count as written by it.
#infer_files = false
"""

_SETTINGS = """\
[run]
# Most tasks at the same time.
#max_parallel = 4
# After a failure: "continue" with what does not depend on it, or "stop" starting anything.
#on_failure = "continue"
# With "continue": stop after all once so many tasks have failed.
#failure_threshold = 3
# Or once more than this share of the tasks that ran has failed.
#failure_rate = 0.5
# Start nothing new while more than this share of the memory is in use, or the load per CPU is above this.
#max_memory = 0.9
#max_load = 1.5
# Longest time for the whole run.
#timeout = "8h"
# After a failed run, undo what succeeded, in reverse order (see 'rollback' below).
#rollback = true

# What there is only so much of: a name and how many tasks may use it at the same time. For a service also how often,
# and a circuit breaker: after so many failures in a row it is left alone for a while.
[resources]
#database = 2
#api = { slots = 4, rate = "10/min", breaker = { failures = 5, open = "1m" } }

# What holds for every task until a rule below says something else.
[defaults]
# A PLACEHOLDER, so that the order can be tried out: it carries out nothing, but every task it runs for still ends as
# a success. Replace it before you rely on a run or write statuses back to the plan.
# A text is a line for the shell, a list is a program and its arguments without a shell. Exit code 0 is success,
# 99 is skipped, anything else is a failure. The task comes in environment variables: TASKGRAPH_TASK_ID, _TITLE,
# _GROUP and _PRIORITY; in a run on this machine TASKGRAPH_TASK_JSON names a file with all of it.
command = 'echo "PLACEHOLDER: nothing was done for task $TASKGRAPH_TASK_ID"'
# The folder it starts in.
#cwd = "."
# More environment variables.
#env = { LOG_LEVEL = "info" }
# How often it is tried, and the pause before it is tried again: grows by 'factor', varies by 'jitter' (0.1 is 10 %).
#retry = { attempts = 3, delay = "10s", factor = 2, max_delay = "5m", jitter = 0.1 }
# Longest time for one attempt.
#timeout = "30m"
# How long a task of average complexity takes, for planning only.
#estimate = "10m"

# Rules: every one whose 'match' fits a task changes its settings, key by key; a later rule wins over an earlier one.
# 'match' knows id, title, status, priority and tag. In id, title and tag a * stands for any text and a ? for any
# character; a list means any of its items.
"""


def _graph(graph_id: str) -> str:
    return f"""\
[graph]
# Its name in every system: letters, digits, '-' and '_'. Without it: the name of the project folder, and for lists
# other than 'master' the name of the list. One name for several lists would make them one.
#id = {_quoted(graph_id)}
# A title for people.
#title = {_quoted(graph_id)}
# When it runs: minute, hour, day of month, month, day of week. With a schedule finished tasks are carried out again.
#schedule = {{ cron = "0 2 * * *", timezone = "UTC" }}
"""


def _rules(plan: Plan) -> Iterator[str]:
    """Example rules, from general to particular, for tasks that exist: unfinished ones if there are any."""
    finished = standings(plan).satisfied
    entries = [entry for entry in plan.entries if entry.id not in finished] or plan.entries
    single = [entry for entry in entries if not entry.subtasks] or entries
    yield _tag_rule(entries, plan.tag)
    yield _priority_rule(entries)
    yield _group_rule(next((entry for entry in entries if entry.subtasks), None))
    yield _title_rule(single[0] if single else None)
    yield _task_rule(single[-1] if single else None)
    yield _LAST_RULES


def _tag_rule(entries: list[Entry], tag: str) -> str:
    label = next((label for entry in entries for label in entry.labels if label), "")
    return f"""\
# Tasks with a tag: one of their own, or that of the list they stand in.
#[[rules]]
#match = {{ tag = {_quoted(_pattern(label or tag))} }}
#env = {{ STAGE = "test" }}
"""


def _priority_rule(entries: list[Entry]) -> str:
    found = {entry.priority for entry in entries}
    highest = next((word for word in ("critical", "high", "medium", "low") if word in found), "high")
    return f"""\
# Tasks of {highest} priority that are not finished: tried more often.
#[[rules]]
#match = {{ priority = "{highest}", status = ["pending", "in-progress"] }}
#retry = {{ attempts = 5, delay = "1m" }}
"""


def _group_rule(group: Entry | None) -> str:
    pattern = f"{_pattern(group.id)}.*" if group else "*.*"
    about = f"The subtasks of {_named(group)}:" if group else "All subtasks:"
    return f"""\
# {about}
# a command of their own, and what they use meanwhile: slots of a resource, or something they "read" or "write".
#[[rules]]
#match = {{ id = {_quoted(pattern)} }}
#command = ["./do-task.sh", "--verbose"]
#claims = {{ database = 1, "file:build/out" = "write" }}
"""


def _title_rule(entry: Entry | None) -> str:
    first_word = entry.title.partition(" ")[0] if entry else "Deploy"
    return f"""\
# Tasks by the beginning of their title: Python instead of a command, and another priority, which decides between
# tasks that are ready and equally urgent.
#[[rules]]
#match = {{ title = {_quoted(f"{_pattern(first_word)}*")} }}
#python = {{ call = "package.module:function", kwargs = {{ dry_run = true }}, process = true }}
#priority = "high"
"""


def _task_rule(entry: Entry | None) -> str:
    about = f"One task, {_named(entry)}:" if entry else "One task:"
    return f"""\
# {about}
# what undoes it if the run fails, and pages that help whoever looks at it.
#[[rules]]
#match = {{ id = {_quoted(_pattern(entry.id) if entry else "1")} }}
#command = "make deploy"
#rollback = ["./undo.sh"]
#links = {{ runbook = "https://example.com/runbook" }}
"""


_LAST_RULES = """\
# Something outside of the plan: wait for one of file = "path", http = "a URL that answers",
# command = "a shell line that succeeds" and time = "2030-01-31T08:00:00Z"; look every = "30s", then factor = 2 times
# as late, at most every max_every = "5m".
#[[rules]]
#match = { title = "Wait for *" }
#wait = { file = "out/ready.flag", every = "30s", factor = 2, max_every = "5m" }

# A milestone: nothing to do. It comes when all before it have ended, however they ended; the trigger rules are
# Airflow's, "all_success" being the usual one.
#[[rules]]
#match = { title = ["*milestone*", "*release*"] }
#noop = true
#trigger_rule = "all_done"
"""


def _named(entry: Entry) -> str:
    title = "" if entry.title == entry.id else f' "{_words(entry.title)}"'
    return f"{_words(entry.id)}{title}"


def _words(text: str) -> str:
    """Text for a comment: on one line, of bounded length, without characters that steer terminals or hide."""
    visible = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _WORDS_LIMIT]).split())
    return visible if len(visible) <= _WORDS_LIMIT else f"{visible[: _WORDS_LIMIT - 3]}..."


def _pattern(text: str) -> str:
    """A glob pattern for exactly this text, or for its beginning if it is long."""
    return glob.escape(text) if len(text) <= _PATTERN_LIMIT else f"{glob.escape(text[:_PATTERN_LIMIT])}*"


def _quoted(text: str) -> str:
    """A TOML string; whatever is not printable is escaped, and half a character becomes a question mark."""
    whole = text.encode(errors="replace").decode()
    return '"' + "".join(_escaped(char) for char in whole) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"
