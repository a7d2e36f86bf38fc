from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider.dynamic import building, dag
from airflow_provider.dynamic.building import build
from airflow_provider.dynamic.errors import UnusablePlanError
from airflow_provider.dynamic.wanted import Wanted
from airflow_provider.generating.target import TARGET, AirflowOptions
from taskgraph_core.compile import Request, compile_request
from taskgraph_core.errors import PlanError, TaskgraphError

if TYPE_CHECKING:
    from pathlib import Path


def wanted(project: Path, **options: Any) -> Wanted:
    return Wanted(str(project), None, None, (), (), again=False, options=options)


def test_the_code_is_that_of_the_generated_file(project: Path) -> None:
    made = TARGET.generate(compile_request(Request(str(project))).graph, AirflowOptions(project_dir="/srv/shop"))

    code, warnings = build(wanted(project, project_dir="/srv/shop"))

    assert code == compile(made.files["shop.py"], "<shop.py>", "exec", dont_inherit=True)
    assert warnings == ()


def test_selection_tag_profile_and_finished_tasks_are_as_on_the_command_line(project: Path, tmp_path: Path) -> None:
    def constants(**fields: Any) -> str:
        code, _ = build(wanted(project)._replace(**fields))
        return repr(code.co_consts)

    other = tmp_path / "other.toml"
    other.write_text('[defaults]\ncommand = ["false"]\n')
    assert "Second" in constants()
    assert "Second" not in constants(select=("1",))
    assert "Second" not in constants(exclude=("2",))
    assert "Second" not in constants(tag="later")
    assert "false" in constants(profile=str(other))
    plan = project / ".taskmaster/tasks/tasks.json"
    plan.write_text(plan.read_text().replace('"First", "status": "pending"', '"First", "status": "done"'))
    assert "First" not in constants()
    assert "First" in constants(again=True)


def test_warnings_are_kept_and_information_is_not(project: Path) -> None:
    plan = project / ".taskmaster/tasks/tasks.json"
    odd = [{"id": 1, "title": "First", "priority": "at once"}, {"id": 2, "title": "Second", "priority": "normal"}]
    plan.write_text(json.dumps({"master": {"tasks": odd}}))

    _, warnings = build(wanted(project))

    assert len(warnings) == 1
    assert warnings[0].startswith("TG107 at $.master.tasks[0]")


def refused(project: Path, **options: Any) -> str:
    with pytest.raises(TaskgraphError) as caught:
        build(wanted(project, **options))
    return str(UnusablePlanError(caught.value))


def test_an_unsound_plan_is_refused_with_what_where_and_what_to_do(project: Path) -> None:
    plan = project / ".taskmaster/tasks/tasks.json"
    tasks = [{"id": number, "title": "\x1b[2J", "dependencies": [number + 100]} for number in range(1, 8)]
    plan.write_text(json.dumps({"master": {"tasks": tasks}}))

    lines = refused(project).splitlines()

    assert lines[0] == "error: the plan has 7 errors"
    assert lines[1] == f"   in: {plan}"
    assert lines[2].startswith("   do: ")
    assert [line[:5] for line in lines[3:]] == ["TG201"] * 5 + ["and 2"]
    assert all(line.isprintable() for line in lines)


def test_an_unreadable_plan_is_refused_in_three_lines(project: Path) -> None:
    (project / ".taskmaster/tasks/tasks.json").write_text('{"master": ')

    assert [line[:7] for line in refused(project).splitlines()] == ["error: ", "   in: ", "   do: "]


def test_an_option_that_the_target_does_not_know_is_refused(project: Path) -> None:
    assert "unknown key 'project_dirs': did you mean 'project_dir'?" in refused(project, project_dirs="/x")
    assert "'project_dir': " in refused(project, project_dir="\0")


def test_a_dag_does_not_lose_the_tasks_that_it_reports_as_done(project: Path) -> None:
    assert "say again=True" in refused(project, sync="../shop")

    code, _ = build(wanted(project, sync="../shop")._replace(again=True))
    assert "../shop" in repr(code.co_consts)
    with (project / ".taskmaster/taskgraph.toml").open("a") as profile:
        profile.write('[graph]\nschedule = { cron = "0 2 * * *", timezone = "UTC" }\n')
    assert build(wanted(project, sync="../shop"))


def test_nothing_else_is_an_error_of_the_plan() -> None:
    assert UnusablePlanError(TaskgraphError("no")).findings == ()
    assert str(UnusablePlanError(PlanError([]))).startswith("error: the plan has 0 errors")


def test_an_unchanged_plan_is_found_without_the_models_of_the_core(project: Path) -> None:
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import airflow_provider\n"
        "print(sorted(name for name in set(sys.modules) - before if name.startswith(('airflow', 'taskgraph'))))\n"
        "from airflow_provider import taskgraph_dag\n"
        "from airflow_provider.dynamic import dag, wanted\n"
        "print(dag._code(wanted.Wanted(sys.argv[1], None, None, (), (), False, {})) is not None)\n"
        "heavy = ('airflow', 'pydantic', 'networkx', 'typer', 'rich', 'taskgraph_core.compile')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, project], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    ]

    assert said[0][:2] == said[1][:2] == ["['airflow_provider']", "True"]
    assert "pydantic" in said[0][2]
    assert said[1][2] == "[]"


def test_a_plan_that_changes_while_it_is_compiled_is_not_kept(
    project: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(asked: Wanted) -> Any:
        made = build(asked)
        (project / "taskgraph.toml").write_text("")
        return made

    monkeypatch.setattr(building, "build", slow)
    dag._code(wanted(project))

    assert not (home / "taskgraph-dags").exists()
    dag._code(wanted(project))
    assert len(list((home / "taskgraph-dags").iterdir())) == 1
