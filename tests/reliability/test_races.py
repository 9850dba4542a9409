"""REL-03, REL-04, REL-07: two at once, let go together; one wins and the other learns why."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from engine import deadlines, external_tasks, incidents, instances, messages, tasks
from engine.instances import Subject
from engine.ports import Actor
from engine.store.tables import escalation, history_event, incident, instance, task_history
from engine.timers import fire_due
from engine.work import Work
from tests.engine.cases.conftest import CLERK, COMMUNITY, HOUSE, MANAGER, SECOND_CLERK, WORKER, Shop
from tests.engine.models import Model
from tests.reliability.invariants import violations
from tests.reliability.together import Call, together

RACED = (
    Model("raced", properties={"on_cancel": "test.cancelled"})
    .start()
    .user("first", cancel="cs")
    .timer("late", "first", "PT30M")
    .receive("paid", "payment")
    .user("last")
    .user("chase", group="pm")
    .end()
    .flow("start", "first", "paid", "last", "end")
    .flow("late", "chase", "end")
)
MEASURED = (
    Model("measured").start(message="reported").service("meter", "test.outside").end()
    .flow("start", "meter", "end")
)  # fmt: skip
AGAIN = Model("raced").start().user("other").end().flow("start", "other", "end")


@pytest.fixture
def raced(shop: Shop) -> Shop:
    """Return a shop with one case at its first step."""
    shop.deploy(RACED)
    shop.start("raced")
    return shop


def _complete(shop: Shop, actor: object = CLERK) -> Call:
    task_id = shop.task("first")
    return lambda: shop.engine.run(actor, lambda work: tasks.complete(work, task_id, {}))  # type: ignore[arg-type]  # an Actor


def _claim(shop: Shop, actor: object) -> Call:
    task_id = shop.task("first")
    return lambda: shop.engine.run(actor, lambda work: tasks.claim(work, task_id))  # type: ignore[arg-type]  # an Actor


def _case(shop: Shop) -> int:
    return int(shop.rows(instance)[0].id)


def _losers(outcomes: Sequence[str], *allowed: str) -> None:
    assert Counter(outcomes)["done"] == 1, outcomes
    assert set(outcomes) <= {"done", *allowed}, outcomes


def test_complete_and_complete(raced: Shop) -> None:
    outcomes = together(_complete(raced), _complete(raced, SECOND_CLERK))

    _losers(outcomes, "task_completed")
    assert len(raced.rows(task_history)) == 1
    assert violations(raced.engine) == []


def test_claim_and_claim(raced: Shop) -> None:
    _losers(together(_claim(raced, CLERK), _claim(raced, SECOND_CLERK)), "task_claimed")


def test_retry_and_retry(shop: Shop) -> None:
    shop.deploy(MEASURED)
    shop.start("measured", message="reported", wanted="m1")
    shop.engine.run(WORKER, _fail)
    (row,) = shop.rows(incident)

    def retry(actor: Actor) -> Call:
        return lambda: shop.engine.run(actor, lambda work: incidents.retry(work, row.id, "信号恢复"))

    _losers(together(*map(retry, [MANAGER] * 4)), "incident_not_found")
    told = [one for one in shop.rows(history_event) if one.kind == "incident_retried"]
    assert len(told) == 1


def _fail(work: Work) -> None:
    """Fetch what a program outside has to do, and give it up."""
    fetched = external_tasks.fetch_and_lock(
        work, "w1", ["test.outside"], most=1, lock_for=timedelta(minutes=5)
    )
    none = timedelta(0)
    external_tasks.failure(work, fetched[0].id, "w1", "no signal", retries=0, retry_after=none)


def test_complete_and_cancel(raced: Shop) -> None:
    case = _case(raced)
    outcomes = together(
        _complete(raced),
        lambda: raced.engine.run(SECOND_CLERK, lambda work: instances.cancel(work, case, "不修了")),
    )

    assert "done" in outcomes
    assert set(outcomes) <= {"done", "task_withdrawn", "may_not_cancel", "case_over"}, outcomes
    assert violations(raced.engine) == []


def test_complete_and_timer(raced: Shop) -> None:
    raced.clock.advance(minutes=30)
    outcomes = together(_complete(raced), lambda: fire_due(raced.engine))

    assert outcomes[0] in {"task_timed_out", "task_withdrawn"}
    assert raced.steps() == ["chase"]
    assert violations(raced.engine) == []


def test_complete_and_reassign(raced: Shop) -> None:
    task_id = raced.task("first")
    outcomes = together(
        _complete(raced),
        lambda: raced.engine.run(
            MANAGER, lambda work: tasks.reassign(work, task_id, SECOND_CLERK.id, "换班")
        ),
    )

    assert set(outcomes) <= {"done", "task_completed", "task_claimed", "task_not_found"}, outcomes
    assert violations(raced.engine) == []


def test_complete_and_suspend(raced: Shop) -> None:
    case = _case(raced)
    outcomes = together(
        _complete(raced),
        lambda: raced.engine.run(MANAGER, lambda work: instances.suspend(work, case, "核实")),
    )

    assert outcomes[1] == "done"
    assert outcomes[0] in {"done", "suspended"}
    assert violations(raced.engine) == []


def test_complete_and_deploy(raced: Shop) -> None:
    assert together(_complete(raced), lambda: raced.deploy(AGAIN)) == ["done", "done"]
    raced.start("raced", "R2")

    assert "other" in raced.steps()
    assert violations(raced.engine) == []


def test_complete_and_move_of_the_due_date(raced: Shop) -> None:
    task_id = raced.task("first")
    later = raced.clock.now().replace(hour=9)
    outcomes = together(
        _complete(raced),
        lambda: raced.engine.run(MANAGER, lambda work: deadlines.move(work, task_id, later, "业主要求")),
    )

    assert outcomes[0] == "done"
    assert outcomes[1] in {"done", "task_completed", "task_not_found"}
    assert violations(raced.engine) == []


def test_message_and_message(raced: Shop) -> None:
    raced.complete("first")
    pay: Call = lambda: raced.engine.run(  # noqa: E731  # the same call twice
        CLERK, lambda work: messages.correlate(work, "raced", "payment", "R1", {})
    )

    _losers(together(pay, pay), "message_not_awaited")
    assert raced.steps() == ["last"]
    assert violations(raced.engine) == []


def test_two_deployments(shop: Shop) -> None:
    assert together(lambda: shop.deploy(RACED), lambda: shop.deploy(RACED)) == ["done", "done"]


def test_fifty_times_the_same_start_is_one_case(shop: Shop) -> None:
    shop.deploy(RACED)
    subject = Subject("R7", COMMUNITY, HOUSE)
    started: list[int] = []

    def start() -> None:
        case = shop.engine.run(
            CLERK, lambda work: instances.start(work, "raced", subject, idempotency_key="one")
        )
        started.append(case.id)

    outcomes = together(*[start] * 50)

    assert set(outcomes) == {"done"}, Counter(outcomes)
    assert len(set(started)) == 1
    assert len(shop.rows(instance)) == 1


def test_fifty_times_the_same_completion_is_one(raced: Shop) -> None:
    task_id = raced.task("first")

    def complete() -> None:
        raced.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}, idempotency_key="one"))

    assert set(together(*[complete] * 50)) == {"done"}
    assert len(raced.rows(task_history)) == 1
    assert violations(raced.engine) == []


def test_two_clocks_on_one_database_fire_each_timer_once(shop: Shop) -> None:
    shop.deploy(RACED)
    for number in range(30):
        shop.start("raced", f"R{number}")
    shop.clock.advance(minutes=31)

    assert together(*[lambda: fire_due(shop.engine)] * 3) == ["done"] * 3
    assert len(shop.open_tasks("chase")) == 30
    assert len(shop.open_tasks("first")) == 0
    fired = [row for row in shop.rows(history_event) if row.kind == "fired"]
    assert len(fired) == 30
    assert shop.rows(escalation) == []
    assert violations(shop.engine) == []
