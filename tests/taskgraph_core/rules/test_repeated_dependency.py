from __future__ import annotations

from support.plans import found, task
from taskgraph_core.rules import repeated_dependency


def test_the_same_dependency_twice_is_a_warning() -> None:
    (finding,) = found(repeated_dependency, task(1), task(2, deps=[1, "1"]))

    assert finding.code == "TG210"
    assert finding.severity == "warning"
    assert finding.message == "2 names its dependency on 1 more than once"
    assert finding.path == "$.master.tasks[1].dependencies[1]"
    assert finding.tasks == ("2", "1")
    assert finding.fix == "keep one of them ('taskgraph check --fix')"


def test_two_ways_to_write_one_sibling_are_the_same_dependency() -> None:
    assert len(found(repeated_dependency, task(3, task(1), task(2, deps=[1, "3.1"])))) == 1


def test_different_dependencies_are_silent() -> None:
    assert not found(repeated_dependency, task(1), task(2), task(3, deps=[1, 2]))
