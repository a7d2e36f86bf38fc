from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.graphs import graph_of, graphs
from taskgraph_core import scheduler as scheduler_module
from taskgraph_core.scheduler import PATIENCE, RULES, WHOLE, Node, Scheduler, decide
from taskgraph_core.scheduling import scheduler_for

if TYPE_CHECKING:
    from taskgraph_core.ir import Claim, Task, TaskGraph

S, F, K, U = "success", "failed", "skipped", "upstream_failed"

# --- trigger rules ------------------------------------------------------------------------

UPSTREAM = ([S], [F], [K], [U], [S, F], [S, K], [F, K])
TABLE = {
    "all_success": ["run", U, K, U, U, K, U],
    "all_failed": [K, "run", K, "run", K, K, K],
    "all_done": ["run"] * 7,
    "always": ["run"] * 7,
    "all_done_min_one_success": ["run", U, K, U, "run", K, K],
    "none_failed": ["run", U, "run", U, U, "run", U],
    "none_failed_min_one_success": ["run", U, K, U, U, "run", U],
    "none_skipped": ["run", "run", K, "run", "run", K, K],
    "one_success": ["run", U, K, U, "run", "run", U],
    "one_failed": [K, "run", K, "run", "run", K, "run"],
    "one_done": ["run", "run", K, K, "run", "run", "run"],
    "all_skipped": [K, K, "run", K, K, K, K],
}


@pytest.mark.parametrize(
    ("rule", "upstream", "expected"),
    [(rule, upstream, want) for rule, row in TABLE.items() for upstream, want in zip(UPSTREAM, row, strict=True)],
)
def test_a_trigger_rule_means_what_airflow_means(rule: str, upstream: list[str], expected: str) -> None:
    assert decide(rule, Counter(upstream), len(upstream)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert set(TABLE) == RULES


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_task_without_upstream_runs_under_any_rule(rule: str) -> None:
    assert decide(rule, {}, 0) == "run"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_an_early_answer_is_the_answer_at_the_end_whatever_follows(rule: str) -> None:
    for total in range(1, 5):
        for states in product((S, F, K, U), repeat=total):
            at_the_end = decide(rule, Counter(states), total)

            assert at_the_end is not None
            for ended in range(total):
                assert decide(rule, Counter(states[:ended]), total) in (None, at_the_end)


# --- a small world that carries out whatever the scheduler says ------------------------------


@dataclass
class World:
    """Runs a graph on a virtual clock with given durations and outcomes, and checks every step against the graph."""

    graph: TaskGraph
    durations: list[int]
    outcomes: list[str]
    cancel_at: float | None = None
    now: float = 0.0
    halted: bool = False
    undoing: bool = False
    failures: int = 0
    running: set[str] = field(default_factory=set)
    attempts: Counter[str] = field(default_factory=Counter)
    rests_until: dict[str, float] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    log: list[tuple[float, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scheduler = scheduler_for(self.graph, seed="any")

    def run(self) -> World:
        calendar: list[tuple[float, int, str]] = []
        numbers = count()
        while True:
            step = self.scheduler.poll(self.now)
            for task_id, state in step.final:
                assert task_id not in self.states
                self.states[task_id] = state
            for task_id, attempt in step.start + step.undo:
                self.start(task_id, attempt, undo=not step.start)
                number = next(numbers)
                heappush(calendar, (self.now + self.durations[number % len(self.durations)], number, task_id))
            assert self.running == set(self.scheduler.running) >= set(step.stop)
            assert all(self.fits(self.graph.by_id[task_id]) for task_id in self.running)
            assert self.halted or self.undoing or not self.idle_but_fitting()
            if step.done:
                assert not self.running
                return self
            times = [calendar[0][0]] if calendar else []
            times += [step.wake_at] if step.wake_at is not None else []
            assert times, "nothing runs, nothing is timed, and yet it is not done"
            if self.cancel_at is not None and self.cancel_at <= min(times):
                self.cancel_at = None
                self.halted = self.halted or not self.undoing
                self.scheduler.cancel()
                continue
            self.now = min(times)
            while calendar and calendar[0][0] <= self.now:
                _, number, task_id = heappop(calendar)
                self.finish(task_id, self.outcomes[number % len(self.outcomes)])

    def start(self, task_id: str, attempt: int, *, undo: bool) -> None:
        task = self.graph.by_id[task_id]
        if undo and not self.undoing:
            self.undoing = True
            self.attempts.clear()
            self.rests_until.clear()
        if not undo:
            assert not self.halted
            assert self.is_ready(task)
        self.attempts[task_id] += 1
        assert task_id not in self.running
        assert attempt == self.attempts[task_id] <= task.retry.attempts
        assert self.now >= self.rests_until.get(task_id, 0)
        assert len(self.running) < (self.graph.policy.max_parallel or WHOLE)
        self.running.add(task_id)
        self.log.append((self.now, "undo" if undo else "start", task_id, ""))

    def finish(self, task_id: str, outcome: Any) -> None:
        self.running.remove(task_id)
        task, policy = self.graph.by_id[task_id], self.graph.policy
        self.rests_until[task_id] = self.now + task.retry.delay
        self.scheduler.finished(task_id, outcome, self.now)
        self.log.append((self.now, "undone" if self.undoing else "end", task_id, outcome))
        if not self.undoing and outcome == F and (self.halted or self.attempts[task_id] == task.retry.attempts):
            self.failures += 1
            self.halted |= self.failures == (1 if policy.on_failure == "stop" else policy.failure_threshold)

    def verdict(self, task: Task) -> str | None:
        ended = [self.states[other] for other in task.depends_on if other in self.states]
        return decide(task.trigger_rule, Counter(F if s == "cancelled" else s for s in ended), len(task.depends_on))

    def is_ready(self, task: Task) -> bool:
        started = task.id in self.running or task.id in self.states
        return not started and self.verdict(task) == "run" and self.now >= self.rests_until.get(task.id, 0)

    def fits(self, task: Task) -> bool:
        others = [claim for other in self.running - {task.id} for claim in self.graph.by_id[other].claims]
        return all(
            self.has_room(claim, [other for other in others if other.resource == claim.resource])
            for claim in task.claims
        )

    def has_room(self, claim: Claim, others: list[Claim]) -> bool:
        if claim.mode == "slots":
            return sum(other.slots for other in others) + claim.slots <= self.graph.capacities[claim.resource]
        return not others if claim.mode == "write" else all(other.mode == "read" for other in others)

    def idle_but_fitting(self) -> list[str]:
        """Tasks left waiting for no reason; where resources are kept for another, the scheduler must name them."""
        if len(self.running) == self.graph.policy.max_parallel:
            return []
        patient = scheduler_module.PATIENCE == PATIENCE
        waiting = [task for task in self.graph.tasks if self.is_ready(task) and self.fits(task)]
        return [task.id for task in waiting if patient or not self.scheduler.waits_for(task.id)]


outcome_lists = st.lists(st.sampled_from([S, S, S, F, F, K, "cancelled"]), min_size=1, max_size=12)
duration_lists = st.lists(st.integers(0, 4), min_size=1, max_size=8)
moments = st.none() | st.integers(0, 12)


@st.composite
def shuffled(draw: st.DrawFn) -> TaskGraph:
    """Any graph, its tasks listed in any order; ids still grow along the edges."""
    graph = draw(graphs())
    return graph.model_copy(update={"tasks": tuple(draw(st.permutations(graph.tasks)))})


def with_policy(graph: TaskGraph, **fields: Any) -> TaskGraph:
    return graph.model_copy(update={"policy": graph.policy.model_copy(update=fields)})


@given(shuffled(), duration_lists, outcome_lists, moments, st.none() | st.integers(1, 3))
def test_any_run_keeps_every_law(
    graph: TaskGraph, durations: list[int], outcomes: list[str], cancel_at: float | None, failures: int | None
) -> None:
    world = World(with_policy(graph, failure_threshold=failures), durations, outcomes, cancel_at).run()

    assert world.states == world.scheduler.states
    assert world.states.keys() == graph.by_id.keys()
    last = {task_id: outcome for _, what, task_id, outcome in world.log if what == "end"}
    for task_id, state in world.states.items():
        if state == "cancelled" and last.get(task_id) != "cancelled":
            assert world.halted
            assert last.get(task_id, F) == F
        else:
            assert state == last.get(task_id, world.verdict(graph.by_id[task_id]))
    failed = {F, "cancelled"} & set(world.states.values())
    assert world.scheduler.run_state == (F if failed else S)


@given(shuffled(), duration_lists, outcome_lists, st.integers(1, 3))
def test_the_laws_hold_while_resources_are_kept_for_those_that_waited(
    graph: TaskGraph, durations: list[int], outcomes: list[str], patience: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler_module, "PATIENCE", patience)

        assert World(graph, durations, outcomes).run().states.keys() == graph.by_id.keys()


@given(shuffled(), duration_lists, outcome_lists, moments)
def test_the_same_events_give_the_same_trace(
    graph: TaskGraph, durations: list[int], outcomes: list[str], cancel_at: float | None
) -> None:
    first, second = (World(graph, durations, outcomes, cancel_at).run() for _ in range(2))

    assert first.log == second.log


@given(
    shuffled(), duration_lists, duration_lists, st.dictionaries(st.integers(1, 12).map(str), st.sampled_from([F, K]))
)
def test_final_states_do_not_depend_on_who_finishes_first(
    graph: TaskGraph, durations: list[int], others: list[int], outcomes: dict[str, str]
) -> None:
    class Fixed(World):
        def finish(self, task_id: str, outcome: Any) -> None:
            super().finish(task_id, outcomes.get(task_id, S))

    graph = with_policy(graph, on_failure="continue")

    assert Fixed(graph, durations, [S]).run().states == Fixed(graph, others, [S]).run().states


@given(shuffled(), duration_lists, outcome_lists, moments)
def test_a_failed_run_undoes_just_what_succeeded_and_downstream_first(
    graph: TaskGraph, durations: list[int], outcomes: list[str], cancel_at: float | None
) -> None:
    world = World(graph, durations, outcomes, cancel_at).run()

    undoes = graph.policy.rollback and world.scheduler.run_state == F
    due = {task.id for task in graph.tasks if undoes and task.rollback is not None and world.states[task.id] == S}
    first = {task_id: at for at, (_, what, task_id, _) in reversed([*enumerate(world.log)]) if what == "undo"}
    last = {task_id: at for at, (_, what, task_id, _) in enumerate(world.log) if what == "undone"}
    assert first.keys() == last.keys() == world.scheduler.undone.keys() == due
    for below, above in downstream_pairs(graph):
        assert below not in due or above not in due or last[below] < first[above]


def downstream_pairs(graph: TaskGraph) -> list[tuple[str, str]]:
    """Every (downstream task, upstream task), direct or not."""
    above: dict[str, set[str]] = {}
    for task in sorted(graph.tasks, key=lambda task: int(task.id)):
        above[task.id] = set(task.depends_on).union(*(above[other] for other in task.depends_on))
    return [(below, other) for below, others in above.items() for other in others]


# --- the same, told by hand -------------------------------------------------------------------


def started(scheduler: Scheduler, now: float = 0.0) -> list[str]:
    return [task_id for task_id, _ in scheduler.poll(now).start]


def test_a_task_starts_as_soon_as_its_own_upstream_ended_not_when_a_whole_level_did() -> None:
    scheduler = scheduler_for(graph_of("slow", "fast", "next < fast"))
    started(scheduler)
    scheduler.finished("fast", S, 1.0)

    assert started(scheduler, 1.0) == ["next"]


def test_among_ready_tasks_the_longest_remaining_path_starts_first_then_priority_then_the_order_of_the_graph() -> None:
    fields: dict[str, Any] = {"c": {"priority": "high"}, "long": {"estimate": 5.0}}
    scheduler = scheduler_for(graph_of("a", "b", "c", "long", tasks=fields))

    assert started(scheduler) == ["long", "c", "a", "b"]


def test_a_task_that_runs_always_does_not_wait_for_its_upstream() -> None:
    scheduler = scheduler_for(graph_of("a", "b < a", tasks={"b": {"trigger_rule": "always"}}))

    assert started(scheduler) == ["a", "b"]


def test_a_resting_task_holds_no_slot() -> None:
    nodes = [Node("a", claims=(("db", 1),), weight=1, attempts=2, delay=5.0), Node("b", claims=(("db", 1),))]
    scheduler = Scheduler(nodes, capacities={"db": 1}, max_parallel=1)
    assert started(scheduler) == ["a"]
    scheduler.finished("a", F, 1.0)
    step = scheduler.poll(1.0)

    assert step.start == [("b", 1)]
    assert step.wake_at == 6.0
    scheduler.finished("b", S, 2.0)
    assert scheduler.poll(5.9).start == []
    assert scheduler.poll(6.0).start == [("a", 2)]


@pytest.mark.parametrize(
    ("retry", "pauses"),
    [
        ({"delay": 2.0, "factor": 3.0}, [2.0, 6.0, 18.0]),
        ({"delay": 2.0, "factor": 3.0, "max_delay": 5.0}, [2.0, 5.0, 5.0]),
        ({"delay": 0.0, "factor": 100.0}, [0.0] * 200),
        ({"delay": 1.0, "factor": 100.0}, [1.0, 100.0] + [3600.0] * 198),
    ],
)
def test_pauses_grow_by_the_factor_up_to_the_longest(retry: dict[str, Any], pauses: list[float]) -> None:
    scheduler = Scheduler([Node("a", attempts=len(pauses) + 1, **retry)])
    now = 0.0
    for pause in pauses:
        assert started(scheduler, now) == ["a"]
        scheduler.finished("a", F, now)
        wake_at = scheduler.poll(now).wake_at if pause else now
        assert wake_at == now + pause
        now += pause


def test_jitter_stretches_a_pause_by_at_most_its_share_and_repeats_with_the_seed() -> None:
    def pause(seed: str) -> float:
        scheduler = Scheduler([Node("a", attempts=2, delay=10.0, jitter=0.5)], seed=seed)
        started(scheduler)
        scheduler.finished("a", F, 0.0)
        return scheduler.poll(0.0).wake_at or 0.0

    pauses = {pause(str(number)) for number in range(20)}
    assert len(pauses) == 20
    assert all(10.0 < each < 15.0 for each in pauses)
    assert pause("x") == pause("x")


def test_a_failure_that_may_not_be_retried_is_final() -> None:
    scheduler = Scheduler([Node("a", attempts=3)])
    started(scheduler)
    scheduler.finished("a", F, 0.0, retry=False)

    assert scheduler.poll(0.0).done


def test_stop_starts_nothing_new_and_lets_what_runs_end() -> None:
    graph = with_policy(graph_of("a", "b", "c < a", "d < b"), on_failure="stop")
    scheduler = scheduler_for(graph)
    started(scheduler)
    scheduler.finished("a", F, 1.0)
    step = scheduler.poll(1.0)

    assert (step.start, step.stop, step.done) == ([], [], False)
    scheduler.finished("b", S, 2.0)
    assert scheduler.poll(2.0).done
    assert scheduler.states == {"a": F, "b": S, "c": "cancelled", "d": "cancelled"}


def test_the_failure_threshold_counts_failed_tasks_not_attempts() -> None:
    nodes = [Node("a", attempts=3), Node("b"), Node("c", ("a",), "all_done"), Node("d", ("b",), "all_done")]
    scheduler = Scheduler(nodes, failure_threshold=2)
    for _ in range(3):
        assert "a" in started(scheduler)
        scheduler.finished("a", F, 0.0)
    assert started(scheduler) == ["c"]
    scheduler.finished("b", F, 0.0)

    assert started(scheduler) == []
    assert scheduler.states == {"a": F, "b": F, "d": "cancelled"}


def test_cancelling_names_what_runs_and_cancels_what_waits() -> None:
    scheduler = scheduler_for(graph_of("a", "b < a"))
    started(scheduler)
    scheduler.cancel()
    step = scheduler.poll(0.0)

    assert (step.stop, step.final, step.done) == (["a"], [("b", "cancelled")], False)
    scheduler.finished("a", "cancelled", 1.0)
    assert scheduler.poll(1.0).done
    assert scheduler.run_state == F


def test_what_rested_when_the_run_was_cancelled_does_not_come_back() -> None:
    nodes = [Node("done", undoable=True), Node("resting", attempts=2, delay=5.0), Node("long")]
    scheduler = Scheduler(nodes, rollback=True)
    started(scheduler)
    scheduler.finished("done", S, 0.0)
    scheduler.finished("resting", F, 0.0)
    scheduler.cancel()
    assert scheduler.poll(1.0).wake_at is None
    scheduler.finished("long", "cancelled", 1.0)
    assert scheduler.poll(1.0).undo == [("done", 1)]

    assert scheduler.poll(9.0).undo == []
    assert scheduler.states == {"done": S, "resting": "cancelled", "long": "cancelled"}


def test_undoing_uses_the_same_limits_and_retries_as_running() -> None:
    nodes = [
        Node("a", claims=(("db", 1),), undoable=True, attempts=2, delay=1.0),
        Node("b", claims=(("db", 1),), undoable=True),
        Node("c", ("a", "b")),
    ]
    scheduler = Scheduler(nodes, capacities={"db": 1}, rollback=True)
    for task_id, outcome in (("a", S), ("b", S), ("c", F)):
        assert started(scheduler) == [task_id]
        scheduler.finished(task_id, outcome, 0.0)
    assert scheduler.poll(0.0).undo == [("a", 1)]
    scheduler.finished("a", F, 0.0)
    assert scheduler.poll(0.0).undo == [("b", 1)]
    scheduler.finished("b", "cancelled", 0.5)
    assert scheduler.poll(1.0).undo == [("a", 2)]
    scheduler.finished("a", S, 2.0)

    assert scheduler.poll(2.0).done
    assert scheduler.undone == {"a": True, "b": False}


def test_a_scheduler_says_what_a_task_waits_for() -> None:
    nodes = [Node("a", claims=(("db", 1),)), Node("b", claims=(("db", 1),)), Node("c", ("a",)), Node("d", attempts=2)]
    scheduler = Scheduler(nodes, capacities={"db": 1})
    started(scheduler)
    scheduler.finished("d", F, 0.0)

    assert [scheduler.waits_for(task_id) for task_id in "abcd"] == [[], ["db"], ["a"], []]
    scheduler.cancel()
    assert [scheduler.waits_for(task_id) for task_id in "abcd"] == [[], [], [], []]


@pytest.mark.parametrize(
    ("nodes", "options", "words"),
    [
        ([Node("a"), Node("a")], {}, "same id"),
        ([Node("a", ("b",))], {}, "not in the graph"),
        ([Node("a", ("a",))], {}, "circle"),
        ([Node("a", ("b",)), Node("b", ("a",))], {}, "circle"),
        ([Node("a", rule="all_sucess")], {}, "unknown trigger rule"),
        ([Node("a", claims=(("db", 2),))], {"capacities": {"db": 1}}, "claims 2 of 'db', which has 1"),
        ([Node("a", claims=(("db", 1), ("db", 2)))], {}, "twice"),
        ([Node("a")], {"max_parallel": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_run_is_refused(nodes: list[Node], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Scheduler(nodes, **options)


def test_an_attempt_ends_once() -> None:
    scheduler = Scheduler([Node("a")])
    started(scheduler)
    scheduler.finished("a", S, 0.0)

    with pytest.raises(ValueError, match="not running"):
        scheduler.finished("a", S, 0.0)


def test_nothing_to_do_is_done_at_once() -> None:
    scheduler = Scheduler([])

    assert scheduler.poll(0.0).done
    assert scheduler.run_state == S


# --- fairness and size ------------------------------------------------------------------------


def run_all(scheduler: Scheduler, workers: int = WHOLE) -> list[str]:
    """Let the task that has run longest end first; the order in which tasks started."""
    order: list[str] = []
    running: list[str] = []
    for now in count():
        step = scheduler.poll(now)
        order += [task_id for task_id, _ in step.start]
        running += [task_id for task_id, _ in step.start]
        assert len(running) <= workers
        if step.done:
            return order
        scheduler.finished(running.pop(0), S, now)
    raise AssertionError


def test_a_wide_claim_is_overtaken_so_often_and_no_more() -> None:
    wide = Node("wide", ("gate",), claims=(("db", 4),), weight=1)
    narrow = [Node(f"narrow {number}", claims=(("db", 1),)) for number in range(200)]
    order = run_all(Scheduler([Node("gate", weight=2), wide, *narrow], capacities={"db": 4}))

    beside_the_gate = 4
    assert order.index("wide") == 1 + beside_the_gate + PATIENCE


def test_a_wide_claim_that_comes_later_lets_as_many_pass_as_the_first() -> None:
    narrow = [Node(f"narrow {number}", claims=(("db", 1),)) for number in range(200)]
    wide = [Node(f"wide {number}", (f"narrow {number * 100}",), claims=(("db", 4),), weight=1) for number in range(2)]
    order = run_all(Scheduler([*wide, *narrow], capacities={"db": 4}))

    assert order.index("wide 0") - order.index("narrow 0") == order.index("wide 1") - order.index("narrow 100")


def test_better_ranked_tasks_pass_as_often_as_they_come() -> None:
    narrow = [Node(f"narrow {number}", claims=(("db", 1),), weight=1) for number in range(100)]
    wide = Node("wide", claims=(("db", 2),))

    assert run_all(Scheduler([wide, *narrow], capacities={"db": 2}))[-1] == "wide"


def test_what_was_kept_is_free_for_all_once_its_keeper_started() -> None:
    wide = Node("wide", ("gate",), claims=(("db", 4), ("api", 1)), weight=1)
    narrow = [Node(f"narrow {number}", claims=(("db", 1),)) for number in range(50)]
    late = [Node(f"late {number}", (f"narrow {PATIENCE + 2}",), claims=(("api", 1),), weight=-1) for number in range(9)]
    scheduler = Scheduler([Node("gate", weight=2), wide, *narrow, *late], capacities={"db": 4, "api": 4})
    beside_wide: list[str] = []
    running: list[str] = []
    while not beside_wide:
        running += started(scheduler)
        if "wide" in running:
            beside_wide = [*running]
        scheduler.finished(running.pop(0), S, 0.0)

    assert beside_wide == ["wide", "late 0", "late 1", "late 2"]


def test_a_claim_on_two_busy_resources_is_served_too() -> None:
    both = Node("both", ("gate",), claims=(("db", 1), ("api", 1)), weight=1)
    single = [Node(f"{name} {number}", claims=((name, 1),)) for number in range(100) for name in ("db", "api")]
    order = run_all(Scheduler([Node("gate", weight=2), both, *single], capacities={"db": 1, "api": 1}))

    assert order.index("both") <= 1 + 2 * (PATIENCE + 2)


def test_a_writer_is_not_starved_by_readers() -> None:
    writer = Node("writer", ("gate",), claims=(("file", WHOLE),), weight=1)
    readers = [Node(f"reader {number}", claims=(("file", 1),)) for number in range(100)]
    order = run_all(Scheduler([Node("gate", weight=2), writer, *readers], max_parallel=5), workers=5)

    assert order.index("writer") <= 5 + PATIENCE


def test_smaller_claims_use_what_is_left_beside_a_larger_one_that_waits() -> None:
    nodes = [
        Node("holder", claims=(("db", 2),), weight=3),
        Node("large", claims=(("db", 3),), weight=2),
        Node("small", claims=(("db", 1),), weight=1),
        Node("tiny", claims=(("db", 1),)),
    ]
    scheduler = Scheduler(nodes, capacities={"db": 4})

    assert started(scheduler) == ["holder", "small", "tiny"]


SIZE = 50_000
CLAIMS = [(("db", 1),), (("api", 1),), (("db", 1), ("api", 1)), (("db", 3), ("file", 1)), (("file", WHOLE),)]


@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param([Node(str(n), (str(n - 1),) if n else ()) for n in range(SIZE)], id="chain"),
        pytest.param([Node("0"), *(Node(str(n), ("0",)) for n in range(1, SIZE))], id="fan out"),
        pytest.param([*(Node(str(n)) for n in range(SIZE)), Node("end", tuple(map(str, range(SIZE))))], id="fan in"),
        pytest.param([Node(str(n), claims=(("one", 1),)) for n in range(SIZE)], id="one slot"),
        pytest.param([Node(str(n), claims=CLAIMS[n % 5], weight=n % 7) for n in range(SIZE)], id="many claims"),
    ],
)
def test_fifty_thousand_tasks_are_no_trouble(nodes: list[Node]) -> None:
    assert len(run_all(Scheduler(nodes, capacities={"one": 1, "db": 4, "api": 2}))) == len(nodes)


def test_a_failure_runs_down_a_long_chain_and_undoing_runs_up_again() -> None:
    chain = [Node(str(n), (str(n - 1),) if n else (), undoable=True) for n in range(SIZE)]
    scheduler = Scheduler(
        [*chain, Node("bad", (str(SIZE - 1),)), *(Node(f"x{n}", ("bad",)) for n in range(9))], rollback=True
    )
    step = scheduler.poll(0.0)
    undone = []
    while not step.done:
        for task_id, _ in step.start + step.undo:
            undone += [int(task_id)] if step.undo else []
            scheduler.finished(task_id, F if task_id == "bad" else S, 0.0)
        step = scheduler.poll(0.0)

    assert undone == list(reversed(range(SIZE)))
