from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider.generating.names import task_names
from support.graphs import graph_of
from taskgraph_core.environment import task_environment
from taskgraph_core.ir import Claim, Command, Policy, Python, Retry, Task, TaskGraph, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def line(text: str, **fields: Any) -> Command:
    """A shell line."""
    return Command.model_validate({"shell": text, **fields})


def test_commands_run_in_order_in_the_folder_of_the_dag(run: Callable[..., Any], dags_folder: Path) -> None:
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 1",
        "4 < 2 3",
        id="in-order",
        tasks={name: {"action": line(f"echo {name} >> order.txt")} for name in "1234"},
    )

    ended = run(graph)

    assert ended.state == "success"
    assert set(ended.tasks.values()) == {"success"}
    assert (dags_folder / "order.txt").read_text().split() in (["1", "2", "3", "4"], ["1", "3", "2", "4"])


def test_exit_code_99_is_a_skip_and_groups_close(run: Callable[..., Any]) -> None:
    graph = graph_of(
        "1",
        "2.1 < 1",
        "2.2",
        "2 < 2.1 2.2",
        "3 < 2.2",
        id="skips",
        tasks={
            "1": {"action": line("exit 99")},
            "2.1": {"group": "2", "action": line("true")},
            "2.2": {"group": "2", "action": line("true")},
            "3": {"action": line("true")},
        },
    )

    ended = run(graph)

    assert ended.state == "success"
    assert ended.tasks == {
        "1": "skipped",
        "2.1": "skipped",
        "2.2": "success",
        "2": "skipped",
        "3": "success",
        "nothing_failed": "success",
    }


def test_a_second_attempt_may_succeed(run: Callable[..., Any], tmp_path: Path) -> None:
    command = line('echo "$TASKGRAPH_ATTEMPT" >> tries; test "$TASKGRAPH_ATTEMPT" = 2')
    graph = graph_of("1", id="retries", tasks={"1": {"action": command, "retry": Retry(attempts=3, delay=0.1)}})

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.state == "success"
    assert ended.tries == {"1": 2}
    assert (tmp_path / "tries").read_text().split() == ["1", "2"]


def test_a_clean_up_runs_after_a_timeout_and_the_run_has_failed_all_the_same(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 1",
        "4 < 2",
        "5 < 1",
        id="cleans-up",
        tasks={
            "1": {"action": line("sleep 30"), "timeout": 1},
            "2": {"action": line("touch never")},
            "3": {"action": line("touch alert"), "trigger_rule": "one_failed"},
            "4": {"action": line("touch cleaned"), "trigger_rule": "all_done"},
            "5": {"action": line("touch always"), "trigger_rule": "always"},
        },
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.state == "failed"
    assert ended.tasks == {
        "1": "failed",
        "2": "upstream_failed",
        "3": "success",
        "4": "success",
        "5": "success",
        "nothing_failed": "upstream_failed",
    }
    assert sorted(place.name for place in tmp_path.iterdir()) == ["alert", "always", "cleaned"]


def test_a_run_has_failed_though_a_skip_came_before_the_failure(run: Callable[..., Any]) -> None:
    graph = graph_of(
        "1",
        "2",
        "3 < 1",
        "4 < 2 3",
        id="skips-first",
        tasks={"1": {"action": line("true")}, "2": {"action": line("exit 99")}, "3": {"action": line("false")}},
    )

    ended = run(graph)

    assert ended.tasks["3"] == "failed"
    assert ended.tasks["4"] in ("skipped", "upstream_failed")
    assert ended.state == "failed"


@pytest.mark.parametrize(("command", "state"), [("false", "failed"), ("true", "success")])
def test_a_run_that_stops_at_its_first_failure_has_failed(run: Callable[..., Any], command: str, state: str) -> None:
    graph = graph_of(
        "1",
        "2 < 1",
        "3 < 2",
        id=f"stops-{state}",
        policy=Policy(on_failure="stop"),
        tasks={"1": {"action": line(command)}, "2": {"action": line("true")}, "3": {"action": line("true")}},
    )

    ended = run(graph)

    assert ended.state == state
    assert ended.tasks["1"] == ended.tasks["nothing_failed"] == state
    assert ended.tasks["3"] == ("skipped" if state == "failed" else "success")


HOSTILE = "{{ 7*7 }} {% raw %} {# x #} $HOME `id` $(id) \"'\\ \n\r\u2028\u202e \U0001f680 {{ conn.get('x') }} x.sh"

TELL = """
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith("TASKGRAPH_") or name == "OWN"}
json.dump([sys.argv[1:], told], open("told.json", "w"))
"""


def test_text_of_the_plan_arrives_byte_for_byte(run: Callable[..., Any], tmp_path: Path) -> None:
    folder = "we{{ird }} \u00e9.sh"
    (tmp_path / folder).mkdir()
    task = Task(
        id=HOSTILE,
        title=HOSTILE,
        description=HOSTILE,
        group=HOSTILE[::-1],
        priority="critical",
        action=Command(argv=(sys.executable, "-c", TELL, HOSTILE), env={"OWN": HOSTILE}, cwd=folder),
    )
    graph = TaskGraph(id="hostile", title=HOSTILE, tasks=(task,))

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.tasks == {HOSTILE: "success"}
    arguments, told = json.loads((tmp_path / folder / "told.json").read_text())
    assert arguments == [HOSTILE]
    run_id = told.pop("TASKGRAPH_RUN_ID")
    assert run_id.startswith("manual__")
    assert told.pop("TASKGRAPH_IDEMPOTENCY_KEY") == f"hostile/{run_id}/{task_names([HOSTILE])[HOSTILE]}"
    assert told == {**task_environment(graph, task), "TASKGRAPH_ATTEMPT": "1", "OWN": HOSTILE}


MODULE = """
import json

def note(text, place):
    with open(place, "w") as stream:
        json.dump(text, stream)

class Notes:
    @staticmethod
    async def later(text, place):
        note(text, place)

def fail():
    raise RuntimeError("no")
"""


def test_functions_of_the_project_are_called_with_their_arguments(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "project_functions.py").write_text(MODULE)
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    graph = graph_of(
        "1",
        "2",
        "3",
        id="functions",
        tasks={
            "1": {"action": Python(entry_point="project_functions:note", kwargs={"text": HOSTILE, "place": first})},
            "2": {
                "action": Python(
                    entry_point="project_functions:Notes.later", kwargs={"text": {"a": [1, HOSTILE]}, "place": second}
                )
            },
            "3": {"action": Python(entry_point="project_functions:fail")},
        },
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.tasks == {"1": "success", "2": "success", "3": "failed"}
    assert json.loads((tmp_path / "first").read_text()) == HOSTILE
    assert json.loads((tmp_path / "second").read_text()) == {"a": [1, HOSTILE]}


class Server(BaseHTTPRequestHandler):
    """Ready at the second question."""

    asked = 0

    def do_GET(self) -> None:
        Server.asked += 1
        self.send_response(503 if Server.asked == 1 else 200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Server) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()
        thread.join()


def test_waits_end_when_it_is_there(run: Callable[..., Any], tmp_path: Path, server: str) -> None:
    (tmp_path / "there [x] {{ x }}").touch()
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    holding = (Claim(resource="x", mode="read"),)
    asked = 'test "$TASKGRAPH_TASK_ID" = 3 -a -e "there [x] {{ x }}" -a "$0" = /bin/sh'
    graph = graph_of(
        *"123456",
        id="waits",
        tasks={
            "1": {"action": Wait(what="file", target="there [x] {{ x }}")},
            "2": {"action": Wait(what="http", target=server, interval=0.1), "claims": holding},
            "3": {"action": Wait(what="command", target=asked)},
            "4": {"action": Wait(what="time", target=soon)},
            "5": {"action": Wait(what="time", target="2020-01-01T00:00Z"), "timeout": 60},
            "6": {"action": Wait(what="command", target="exit 99"), "timeout": 0.01, "retry": Retry(attempts=2)},
        },
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.tasks == {**dict.fromkeys("12345", "success"), "6": "failed"}
    assert ended.tries["6"] == 1
    assert Server.asked == 2


def test_a_shell_line_is_one_of_the_shell_that_the_local_engine_uses(run: Callable[..., Any], tmp_path: Path) -> None:
    graph = graph_of(
        *"123",
        id="shells",
        tasks={
            "1": {"action": line('echo "$0${BASH_VERSION-}" > shell; exit 99')},
            "2": {"action": Command(argv=("printf", "%s|", "a b", "", "$HOME", "*", "'\"\n\\\n", "x.sh"))},
            "3": {"action": Command(argv=("exit", "0"))},
        },
    )

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.tasks == {"1": "skipped", "2": "success", "3": "failed"}
    assert (tmp_path / "shell").read_text() == "/bin/sh\n"


def test_a_function_is_called_in_the_project_and_told_about_its_task(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(
        "import os\ndef tell():\n    open('told', 'w', newline='').write(os.environ['TASKGRAPH_TASK_TITLE'])\n"
    )
    function = Python(entry_point="told:tell", process=True)
    graph = graph_of("1", id="told", tasks={"1": {"title": HOSTILE, "action": function}})

    ended = run(graph, project_dir=str(tmp_path))

    assert ended.tasks == {"1": "success"}
    assert (tmp_path / "told").read_bytes().decode() == HOSTILE
