from __future__ import annotations

from taskgraph_core.errors import PlanError
from taskgraph_core.findings import Finding, by_weight, errors

INFO = Finding("TG001", "info", "an info")
WARNING = Finding("TG002", "warning", "a warning", "$.tasks[0]", ("1",), "look at it")
ERROR = Finding("TG003", "error", "an error")
OTHER = Finding("TG000", "error", "another error")


def test_errors_come_first_and_the_rest_stays_in_order() -> None:
    assert by_weight([INFO, ERROR, WARNING, OTHER]) == [ERROR, OTHER, WARNING, INFO]


def test_only_errors_forbid_going_on() -> None:
    assert errors([INFO, ERROR, WARNING]) == [ERROR]


def test_the_machine_form_has_fixed_keys() -> None:
    assert WARNING.as_dict() == {
        "code": "TG002",
        "severity": "warning",
        "message": "a warning",
        "path": "$.tasks[0]",
        "tasks": ["1"],
        "fix": "look at it",
    }
    assert INFO.as_dict().keys() == WARNING.as_dict().keys()


def test_a_plan_error_counts_its_errors_and_says_what_to_do() -> None:
    error = PlanError([ERROR, WARNING], where="plan")

    assert str(error) == "plan: the plan has 1 error (run 'taskgraph check' on it to see each one with its fix)"
    assert "has 2 errors" in str(PlanError([ERROR, OTHER]))
    assert error.findings == (ERROR, WARNING)
    assert error.exit_code == 1
