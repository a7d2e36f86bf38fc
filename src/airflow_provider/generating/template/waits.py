"""Rows that wait for something outside the graph."""

from __future__ import annotations

from airflow_provider.generating.template.environment import ENVIRONMENT
from airflow_provider.generating.template.piece import STANDARD, Import, Piece

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

WAIT_FOR_FILE = Piece(
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
)

WAIT_FOR_HTTP = Piece(
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
)

WAIT_FOR_COMMAND = Piece(
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
)

WAIT_FOR_TIME = Piece(
    imports=(
        (f"{STANDARD}.sensors.date_time", "DateTimeSensor"),
        (f"{STANDARD}.sensors.date_time", "DateTimeSensorAsync"),
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
)
