"""The code of a generated DAG file, in pieces: a file holds those its tasks need.

Each piece is text that was written by hand, formatted and linted; nothing of a plan is ever put
into it. What a plan brings is data, in the tables above the code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CODING = "# -*- coding: utf-8 -*-  # noqa: UP009\n"
"""The first line settles how the file is read before anything in it could; linters think it needless."""

Import = tuple[str, str]
"""Module and name; an empty name imports the module itself."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one kind of row needs.

    Attributes:
        imports: what the code below uses.
        functions: functions and classes of the file, by name, so that pieces can share them.
        branch: the part of ``make_task`` that makes this kind of task.
    """

    imports: tuple[Import, ...]
    functions: dict[str, str] = field(default_factory=dict)
    branch: str = ""


IMPORTS: tuple[Import, ...] = (
    ("pendulum", ""),
    ("airflow.sdk", "DAG"),
    ("airflow.sdk", "WeightRule"),
    ("airflow.sdk", "get_parsing_context"),
)
"""What every file uses."""

NOT_STANDARD = frozenset({"airflow", "pendulum"})
"""Packages of the imports that are not part of Python."""

IN_FOLDER = frozenset({"command", "call", "wait_for_command"})
"""Kinds of rows whose pieces use the constant ``FOLDER``."""

_STANDARD = "airflow.providers.standard"

ENVIRONMENT = '''\
def environment(row):
    """What a command is told about its task. Text of the plan is never a template."""
    told = {
        "TASKGRAPH_GRAPH_ID": DAG_ID,
        "TASKGRAPH_TASK_ID": row["id"],
        "TASKGRAPH_TASK_TITLE": row.get("title", ""),
        "TASKGRAPH_TASK_GROUP": row.get("group", ""),
        "TASKGRAPH_TASK_PRIORITY": row.get("priority", "medium"),
        **row.get("env", {}),
    }
    return {
        **{name: literal(text) for name, text in told.items()},
        "TASKGRAPH_RUN_ID": "{{ run_id }}",
        "TASKGRAPH_ATTEMPT": "{{ ti.try_number }}",
    }
'''

CALL = '''\
def call(entry_point, arguments, folder):
    """Call "module:function"; modules are looked for in the project folder as well."""
    sys.path.insert(0, folder)
    module, _, function = entry_point.partition(":")
    result = attrgetter(function)(import_module(module))(**arguments)
    if inspect.iscoroutine(result):
        asyncio.run(result)
'''

WAITING = '''\
def waiting(row):
    """How a sensor waits: without holding its place, unless it holds slots of a pool."""
    return {
        "mode": "poke" if "pool" in row else "reschedule",
        "poke_interval": row["every"],
        "timeout": row.get("timeout", timedelta.max),
    }
'''

WAITING_LONGER = '''\
def waiting(row):
    """How a sensor waits: without holding its place, unless it holds slots of a pool."""
    return {
        "mode": "poke" if "pool" in row else "reschedule",
        "poke_interval": row["every"],
        "exponential_backoff": "at_most_every" in row,
        "max_wait": row.get("at_most_every"),
        "timeout": row.get("timeout", timedelta.max),
    }
'''
"""Instead of ``waiting``, where the pauses of some sensor grow."""

# Airflow's own PythonSensor warns of a deprecation where it is imported, and BashSensor knows no folder.
SENSOR = '''\
class Condition(BaseSensorOperator):
    """Waits until a function of its arguments is true."""

    template_fields = ("arguments",)

    def __init__(self, *, function, arguments, **options):
        super().__init__(**options)
        self.function = function
        self.arguments = arguments

    def poke(self, context):
        return self.function(*self.arguments)
'''

NOTHING_FAILED = '''\
def nothing_failed(ti):
    """Fail where a task of the run has; Airflow skips whatever comes after it."""
    states = ti.get_task_states(dag_id=DAG_ID, run_ids=[ti.run_id])[ti.run_id]
    failed = sorted(name for name, state in states.items() if state == "failed")
    if failed:
        raise RuntimeError(f"failed: {', '.join(failed)}")
'''

ANSWERS = '''\
def answers(url):
    """Whether a server answers with a status of 2xx."""
    request = Request(url, headers={"User-Agent": "taskgraph"})
    try:
        with urlopen(request, timeout=30) as answer:
            return 200 <= answer.status < 300
    except (OSError, HTTPException):
        return False
'''

SUCCEEDS = '''\
def succeeds(line, told, folder):
    """Whether a shell line ends with exit code 0."""
    shell = ["bash", "-c", line]
    ended = subprocess.run(shell, env={**os.environ, **told}, cwd=folder, check=False)
    return ended.returncode == 0
'''

_CONDITION: tuple[Import, ...] = (("datetime", "timedelta"), ("airflow.sdk", "BaseSensorOperator"))

PIECES = {
    "command": Piece(
        imports=((f"{_STANDARD}.operators.bash", "BashOperator"), ("airflow.sdk", "literal")),
        functions={"environment": ENVIRONMENT},
        branch="""\
    if "command" in row:
        return BashOperator(
            bash_command=literal(row["command"]),
            env=environment(row),
            append_env=True,
            cwd=row.get("cwd", FOLDER),
            do_xcom_push=False,
            **options,
        )
""",
    ),
    "call": Piece(
        imports=(
            ("asyncio", ""),
            ("inspect", ""),
            ("sys", ""),
            ("importlib", "import_module"),
            ("operator", "attrgetter"),
            (f"{_STANDARD}.operators.python", "PythonOperator"),
            ("airflow.sdk", "literal"),
        ),
        functions={"call": CALL},
        branch="""\
    if "call" in row:
        return PythonOperator(
            python_callable=call,
            op_args=[row["call"], literal(row.get("arguments", {})), FOLDER],
            do_xcom_push=False,
            **options,
        )
""",
    ),
    "wait_for_file": Piece(
        imports=(("os", ""), *_CONDITION),
        functions={"waiting": WAITING, "Condition": SENSOR},
        branch="""\
    if "wait_for_file" in row:
        return Condition(
            function=os.path.exists,
            arguments=[row["wait_for_file"]],
            **waiting(row),
            **options,
        )
""",
    ),
    "wait_for_http": Piece(
        imports=(
            ("http.client", "HTTPException"),
            ("urllib.request", "Request"),
            ("urllib.request", "urlopen"),
            ("airflow.sdk", "literal"),
            *_CONDITION,
        ),
        functions={"waiting": WAITING, "Condition": SENSOR, "answers": ANSWERS},
        branch="""\
    if "wait_for_http" in row:
        return Condition(
            function=answers,
            arguments=[literal(row["wait_for_http"])],
            **waiting(row),
            **options,
        )
""",
    ),
    "wait_for_command": Piece(
        imports=(("os", ""), ("subprocess", ""), ("airflow.sdk", "literal"), *_CONDITION),
        functions={"environment": ENVIRONMENT, "waiting": WAITING, "Condition": SENSOR, "succeeds": SUCCEEDS},
        branch="""\
    if "wait_for_command" in row:
        return Condition(
            function=succeeds,
            arguments=[literal(row["wait_for_command"]), environment(row), FOLDER],
            **waiting(row),
            **options,
        )
""",
    ),
    "wait_for_time": Piece(
        imports=(
            (f"{_STANDARD}.sensors.date_time", "DateTimeSensor"),
            (f"{_STANDARD}.sensors.date_time", "DateTimeSensorAsync"),
            ("datetime", "timedelta"),
        ),
        functions={"waiting": WAITING},
        branch="""\
    if "wait_for_time" in row:
        bounded = "timeout" in row or "pool" in row
        sensor = DateTimeSensor if bounded else DateTimeSensorAsync
        instant = row["wait_for_time"]
        return sensor(target_time=instant, **waiting(row), **options)
""",
    ),
    "asks_for_failures": Piece(
        imports=((f"{_STANDARD}.operators.python", "PythonOperator"),),
        functions={"nothing_failed": NOTHING_FAILED},
        branch="""\
    if "asks_for_failures" in row:
        return PythonOperator(
            python_callable=nothing_failed,
            do_xcom_push=False,
            **options,
        ).as_teardown(on_failure_fail_dagrun=True)
""",
    ),
}
"""By the entry of a row that asks for it, in the order in which ``make_task`` looks."""

NOTHING = Piece(
    imports=((f"{_STANDARD}.operators.empty", "EmptyOperator"),),
    branch="""\
    return EmptyOperator(**options)
""",
)

OPTIONS = """\
OPTIONS = (
    "doc_md",
    "trigger_rule",
    "priority_weight",
    "pool",
    "pool_slots",
    "retries",
    "retry_delay",
    "retry_exponential_backoff",
    "max_retry_delay",
)
"""
"""What of a row is an option of every operator, under the same name."""

MAKE_TASK = '''\
def make_task(task_id, row):
    """The Airflow task of one row."""
    options = {name: row[name] for name in OPTIONS if name in row}
    options["task_id"] = task_id
    options["task_display_name"] = row.get("title")
'''

MAKE_TASK_IN_GROUP = '''\
def make_task(task_id, row, group=None):
    """The Airflow task of one row."""
    options = {name: row[name] for name in OPTIONS if name in row}
    options["task_id"] = task_id
    options["task_display_name"] = row.get("title")
    options["task_group"] = group
'''

TIMEOUT = """\
    if "execution_timeout" in row:
        seconds = row["execution_timeout"]
        options["execution_timeout"] = timedelta(seconds=seconds)
"""

BUILD = """\
    parsing = get_parsing_context()
    if parsing.dag_id == DAG_ID and parsing.task_id in TASKS:
        # Airflow reads this file again in each task's process, for that one task.
        make_task(parsing.task_id, TASKS[parsing.task_id])
    else:
"""

GROUPED = """\
        groups = {
            parent: TaskGroup(prefix_group_id=False, **group)
            for parent, group in GROUPS.items()
        }
        for task_id, row in TASKS.items():
            make_task(task_id, row, groups.get(row.get("closes", row.get("group"))))
"""

UNGROUPED = """\
        for task_id, row in TASKS.items():
            make_task(task_id, row)
"""

EDGES = """\
        # Each ">>" would take time in proportion to the number of all tasks.
        for task_id, row in TASKS.items():
            for upstream_id in row.get("after", ()):
                dag.task_dict[task_id].upstream_task_ids.add(upstream_id)
                dag.task_dict[upstream_id].downstream_task_ids.add(task_id)
"""
