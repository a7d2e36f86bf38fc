"""``@task.taskgraph``: a function of the DAG file, carried out as ``TaskgraphOperator`` does a plan's.

@task.taskgraph(limits={"api": {"rate": {"amount": 10, "seconds": 60}}})
def fetch(page):
    ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, determine_kwargs, task_decorator_factory

from airflow_provider.running.operator import TaskgraphOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow.sdk import Context
    from airflow.sdk.bases.decorator import TaskDecorator

    from taskgraph_core.engine.actions.entry_point import Function

_ACTION = {"call": "decorated:function"}


class TaskgraphDecoratedOperator(DecoratedOperator, TaskgraphOperator):
    """Calls a function of the DAG file; its arguments are templates, as with every decorator."""

    template_fields: ClassVar[Sequence[str]] = DecoratedOperator.template_fields
    template_fields_renderers: ClassVar[dict[str, str]] = DecoratedOperator.template_fields_renderers
    custom_operator_name = "@task.taskgraph"

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of the two it is made of
        super().__init__(action=_ACTION, **options)

    def function_of(self, context: Context) -> Function:
        """The decorated function with its arguments, and what of the context it asks for."""
        from functools import partial  # noqa: PLC0415 - where a task runs
        from inspect import iscoroutinefunction  # noqa: PLC0415

        from taskgraph_core.engine.actions.entry_point import Function  # noqa: PLC0415

        known = {**context, **self.op_kwargs}
        arguments = determine_kwargs(self.python_callable, self.op_args, known)
        call = partial(self.python_callable, *self.op_args, **arguments)
        return Function(call, iscoroutinefunction(self.python_callable))


def taskgraph_task(python_callable: Callable[..., Any] | None = None, **options: Any) -> TaskDecorator:  # noqa: ANN401
    """Make a task of a function; takes the options of ``TaskgraphOperator`` but for the action."""
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=TaskgraphDecoratedOperator, **options
    )
