"""The scheduler: a pure state machine that decides what may start, and when.

    machine   Scheduler: told what happened, answers what to do
    node      what it is told of a task (Node), what it answers (Step)
    tasks     what changes about a task during a run, and how tasks are tied together
    rules     trigger rules
    queue     ready tasks in order, each with all it claims or not at all
    backoff   pauses before retries
    gates     what opens and closes with time: rates and circuit breakers

Standard library only, relative imports only and none from elsewhere in the package: this folder can be
shipped beside a generated flow under any name.
"""

from .gates import Breaker, Rate
from .machine import Scheduler
from .node import WHOLE, Node, Outcome, State, Step, Verdict
from .queue import PATIENCE
from .rules import RULES, decide

__all__ = [
    "PATIENCE",
    "RULES",
    "WHOLE",
    "Breaker",
    "Node",
    "Outcome",
    "Rate",
    "Scheduler",
    "State",
    "Step",
    "Verdict",
    "decide",
]
