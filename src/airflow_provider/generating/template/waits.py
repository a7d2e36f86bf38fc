"""Rows that wait for something outside the graph.

They wait in Airflow's triggerer, where a task holds no worker, but the slots of its pool. Its
triggers know files and times; anything else is asked for on a worker, and again after a pause.
A trigger that fires at once may cost Airflow the task, so nobody is deferred for less than ten seconds.
"""

from __future__ import annotations

from airflow_provider.generating.template.environment import ENVIRONMENT
from airflow_provider.generating.template.piece import STANDARD, Import, Piece

PATIENCE = '''\
def patience(row):
    """How long a sensor waits. Airflow's own bound would be seven days."""
    return row.get("timeout", timedelta(days=3650))
'''

# Airflow's own PythonSensor warns of a deprecation where it is imported, and BashSensor knows no folder.
SENSOR = '''\
class WaitUntil(BaseSensorOperator):
    """Asks a question until it is answered with yes; it is deferred in between."""

    template_fields = ("arguments",)

    def __init__(self, *, question, arguments, factor=1, at_most_every=None, **options):
        super().__init__(**options)
        self.question = question
        self.arguments = arguments
        self.factor = factor
        self.at_most_every = at_most_every or self.poke_interval

    def execute(self, context):
        self.ask(context)

    def ask(self, context, event=None):
        if self.question(*self.arguments):
            return
        now = pendulum.now("UTC")
        waited = (now - context["ti"].start_date).total_seconds()
        if waited >= self.timeout:
            raise AirflowSensorTimeout(f"still not there after {waited:.0f} seconds")
        # That is the next one of pauses which grow by a factor and add up to this.
        pause = min(self.poke_interval + waited * (self.factor - 1), self.at_most_every)
        moment = now.add(seconds=min(pause, max(self.timeout - waited, 10)))
        self.defer(trigger=DateTimeTrigger(moment=moment), method_name="ask")
'''

FILE_SENSOR = '''\
class WaitForFile(FileSensor):
    """A FileSensor without a connection, and with a path that is no pattern."""

    @property
    def path(self):
        return escape(self.filepath)
'''

TIME_SENSOR = '''\
class WaitForTime(DateTimeSensor):
    """A DateTimeSensor that is deferred, unless its time has almost come."""

    def execute(self, context):
        moment = pendulum.parse(self.target_time)
        left = (moment - pendulum.now("UTC")).total_seconds()
        if left > 10:
            self.defer(
                trigger=DateTimeTrigger(moment=moment),
                method_name="resume",
                timeout=timedelta(seconds=self.timeout),
            )
        time.sleep(max(left, 0))

    def resume(self, context, event=None):
        """Its time has come."""
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
    """Whether a line of /bin/sh ends with exit code 0."""
    shell = ["/bin/sh", "-c", line]
    ended = subprocess.run(shell, env={**os.environ, **told}, cwd=folder, check=False)
    return ended.returncode == 0
'''

_PATIENCE: tuple[Import, ...] = (("datetime", "timedelta"),)
_DEFERRED: tuple[Import, ...] = (*_PATIENCE, (f"{STANDARD}.triggers.temporal", "DateTimeTrigger"))
_ASKING: tuple[Import, ...] = (
    *_DEFERRED,
    ("pendulum", ""),
    ("airflow.sdk", "BaseSensorOperator"),
    ("airflow.sdk", "literal"),
    ("airflow.sdk.exceptions", "AirflowSensorTimeout"),
)

WAIT_FOR_FILE = Piece(
    imports=(*_PATIENCE, ("glob", "escape"), (f"{STANDARD}.sensors.filesystem", "FileSensor")),
    functions={"patience": PATIENCE, "WaitForFile": FILE_SENSOR},
    branch="""\
    if "wait_for_file" in row:
        return WaitForFile(
            filepath=row["wait_for_file"],
            poke_interval=row["every"],
            timeout=patience(row),
            deferrable=True,
            **options,
        )
""",
)

WAIT_FOR_HTTP = Piece(
    imports=(
        ("http.client", "HTTPException"),
        ("urllib.request", "Request"),
        ("urllib.request", "urlopen"),
        *_ASKING,
    ),
    functions={"patience": PATIENCE, "WaitUntil": SENSOR, "answers": ANSWERS},
    branch="""\
    if "wait_for_http" in row:
        return WaitUntil(
            question=answers,
            arguments=[literal(row["wait_for_http"])],
            poke_interval=row["every"],
            factor=row.get("factor", 1),
            at_most_every=row.get("at_most_every"),
            timeout=patience(row),
            **options,
        )
""",
)

WAIT_FOR_COMMAND = Piece(
    imports=(("os", ""), ("subprocess", ""), *_ASKING),
    functions={"environment": ENVIRONMENT, "patience": PATIENCE, "WaitUntil": SENSOR, "succeeds": SUCCEEDS},
    branch="""\
    if "wait_for_command" in row:
        return WaitUntil(
            question=succeeds,
            arguments=[literal(row["wait_for_command"]), environment(row), FOLDER],
            poke_interval=row["every"],
            factor=row.get("factor", 1),
            at_most_every=row.get("at_most_every"),
            timeout=patience(row),
            **options,
        )
""",
)

WAIT_FOR_TIME = Piece(
    imports=(*_DEFERRED, ("pendulum", ""), ("time", ""), (f"{STANDARD}.sensors.date_time", "DateTimeSensor")),
    functions={"patience": PATIENCE, "WaitForTime": TIME_SENSOR},
    branch="""\
    if "wait_for_time" in row:
        return WaitForTime(
            target_time=row["wait_for_time"],
            timeout=patience(row),
            **options,
        )
""",
)
