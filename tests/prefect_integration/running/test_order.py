from __future__ import annotations

import math
from pathlib import Path

from hypothesis import given

from prefect_integration.running.order import Order, attempt_key, in_words
from support.graphs import graphs
from taskgraph_core.ir import Command, Noop, Python, Task, TaskGraph, Wait


@given(graphs())
def test_an_order_reads_back_as_it_was(graph: TaskGraph) -> None:
    for task in graph.tasks:
        order = Order(task=task.model_dump(), number=2, graph_id=graph.id, run_id="r", tags=["t"], slots={"s": 2})
        back = Order.read(order.text)

        assert back.call == (task, 2, False)
        assert (back.key, back.tags, back.slots) == (attempt_key(task.id, 2, undo=False), ["t"], {"s": 2})


def test_an_order_keeps_what_json_has_no_word_for() -> None:
    task = Task(id="1", title="\ud800\0", action=Python(entry_point="a:b", kwargs={"x": math.inf, "y": math.nan}))
    back = Order.read(Order(task=task.model_dump(), number=1, graph_id="g", run_id="r", project="/p").text)

    assert isinstance(back.call.action, Python)
    assert back.call.action.kwargs["x"] == math.inf
    assert math.isnan(back.call.action.kwargs["y"])
    assert back.call.task.title == "\ud800\0"
    assert back.origin.project == Path("/p")


def test_keys_are_one_line_and_tell_undoing_apart() -> None:
    keys = {attempt_key(name, number, undo=undo) for name in "a\n" for number in (1, 2) for undo in (False, True)}

    assert len(keys) == 8
    assert not any("\n" in key for key in keys)


def test_an_action_in_words_is_one_printable_line() -> None:
    assert in_words(Command(argv=("echo", "a b"))) == "run echo 'a b'"
    assert in_words(Command.model_validate({"shell": "a\nb\x1b"})) == "run a b\ufffd"
    assert in_words(Python(entry_point="steps:fail")) == "call steps:fail"
    assert in_words(Wait(what="file", target="x")) == "wait for file x"
    assert in_words(Noop()) == "do nothing"
