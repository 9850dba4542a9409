"""Steps without people: handlers that fail, timers that race, messages, outside workers, cancelled cases."""

import pytest

from engine import facts, incidents, instances
from engine.errors import AlreadyDone, HandlerFailed, NotPermitted, Refused, RuleBroken, TaskGone
from engine.hosting import FailedAgain
from engine.ports import Actor, Json
from engine.service_tasks import Context
from engine.store.tables import history_event, incident, instance, job, task_history
from engine.timers import fire_due
from tests.engine.cases.conftest import CLERK, MANAGER, RESIDENT, SECOND_CLERK, Shop
from tests.engine.models import Model


def _automatic() -> Model:
    return (
        Model("auto")
        .start(message="reported")
        .user("first")
        .service("note", "test.note")
        .user("second")
        .end()
        .flow("start", "first", "note", "second", "end")
    )


def _fail(_context: Context) -> None:
    raise ZeroDivisionError("secret 13800138000")


def _refuse(_context: Context) -> None:
    raise Refused("no_crew", "没有班组")


def test_a_handler_runs_in_the_transaction_of_the_step_before_it(shop: Shop) -> None:
    shop.deploy(_automatic())
    shop.start("auto", message="reported", wanted="x")
    shop.complete("first")

    assert shop.calls == [("R1", "x")]
    assert shop.steps() == ["second"]


def test_a_failing_handler_keeps_the_persons_completion_and_is_tried_again(shop: Shop) -> None:
    shop.deploy(_automatic())
    shop.start("auto", message="reported", wanted="x")
    shop.behave = _fail
    shop.complete("first")

    assert shop.steps() == []
    assert [row.end_kind for row in shop.rows(task_history)] == ["completed"]
    assert [(row.kind, row.attempts) for row in shop.rows(job)] == [("retry", 1)]

    shop.behave = lambda _context: None
    shop.clock.advance(minutes=1)
    fire_due(shop.engine)

    assert shop.steps() == ["second"]
    assert shop.rows(job)[0].kind == "deadline"


def test_a_handler_that_fails_five_times_becomes_an_incident_that_names_no_private_value(shop: Shop) -> None:
    shop.deploy(_automatic())
    shop.start("auto", message="reported", wanted="x")
    shop.behave = _fail
    shop.complete("first")
    for _ in range(10):
        shop.clock.advance(hours=12)
        fire_due(shop.engine)

    (row,) = shop.rows(incident)
    assert (row.step_id, row.kind, len(shop.calls)) == ("note", "handler", 5)
    assert f"incident:{row.id}" in shop.outbox.items
    assert "ZeroDivisionError" in row.message
    assert "13800138000" not in row.message + row.cause
    assert shop.rows(job) == []


def test_a_manager_retries_an_incident_when_its_cause_is_gone(shop: Shop) -> None:
    shop.deploy(_automatic())
    shop.start("auto", message="reported", wanted="x")
    shop.behave = _fail
    shop.complete("first")
    for _ in range(10):
        shop.clock.advance(hours=12)
        fire_due(shop.engine)
    (row,) = shop.rows(incident)

    with pytest.raises(AlreadyDone):
        shop.engine.run(MANAGER, lambda work: incidents.retry(work, row.id, "再试一次"))
    shop.behave = lambda _context: None
    shop.engine.run(MANAGER, lambda work: incidents.retry(work, row.id, "已修复"))

    assert shop.steps() == ["second"]
    with shop.engine.reading(MANAGER) as work:
        assert incidents.open_incidents(work) == []


def test_a_clerk_neither_sees_nor_retries_incidents(shop: Shop) -> None:
    shop.deploy(_automatic())
    shop.start("auto", message="reported", wanted="x")
    shop.behave = _fail
    shop.complete("first")
    for _ in range(10):
        shop.clock.advance(hours=12)
        fire_due(shop.engine)
    (row,) = shop.rows(incident)

    with shop.engine.reading(CLERK) as work:
        assert incidents.open_incidents(work) == []
    with pytest.raises(NotPermitted):
        shop.engine.run(CLERK, lambda work: incidents.retry(work, row.id, "试试"))


def test_a_refusal_takes_the_path_drawn_for_it(shop: Shop) -> None:
    shop.deploy(
        _automatic().error("nobody", "note", "no_crew").user("find", group="pm").flow("nobody", "find", "end")
    )
    shop.start("auto", message="reported", wanted="x")
    shop.behave = _refuse
    shop.complete("first")

    assert shop.steps() == ["find"]


def test_a_refusal_without_a_path_refuses_the_completion(shop: Shop) -> None:
    shop.deploy(_automatic())
    shop.start("auto", message="reported", wanted="x")
    shop.behave = _refuse

    with pytest.raises(Refused, match="没有班组"):
        shop.complete("first")

    assert shop.steps() == ["first"]
    assert shop.rows(task_history) == []


def _gated(message: str | None = "reported") -> Model:
    return (
        Model("gate")
        .start(message=message)
        .user("first")
        .exclusive("choose", default="left")
        .user("left")
        .user("right")
        .end()
        .flow("start", "first", "choose")
        .flow("choose", "left")
        .flow("choose", "right", when="${ready}")
        .flow("left", "end")
        .flow("right", "end")
    )


def test_a_condition_that_is_neither_true_nor_false_becomes_an_incident_and_keeps_the_completion(
    shop: Shop,
) -> None:
    shop.deploy(_gated())
    shop.start("gate", message="reported")
    shop.complete("first")

    (row,) = shop.rows(incident)
    assert (row.step_id, row.kind, shop.steps()) == ("choose", "step", [])
    assert f"incident:{row.id}" in shop.outbox.items
    assert [task.step_id for task in shop.rows(task_history)] == ["first"]


def test_corrected_data_let_a_stuck_case_go_on(shop: Shop) -> None:
    shop.deploy(_gated())
    shop.start("gate", message="reported")
    shop.complete("first")
    (row,) = shop.rows(incident)
    (case,) = shop.rows(instance)

    with pytest.raises(NotPermitted):
        shop.engine.run(CLERK, lambda work: instances.correct(work, case.id, {"ready": True}, "更正"))
    shop.engine.run(MANAGER, lambda work: instances.correct(work, case.id, {"ready": True}, "更正"))
    shop.engine.run(MANAGER, lambda work: incidents.retry(work, row.id, "数据已更正"))

    assert shop.steps() == ["right"]


def test_a_fact_put_right_and_the_step_run_again_are_one(shop: Shop) -> None:
    shop.deploy(_gated())
    shop.start("gate", message="reported")
    shop.complete("first")
    (row,) = shop.rows(incident)

    def correct(name: str, value: Json, reason: str = "更正", who: Actor = MANAGER) -> None:
        shop.engine.run(who, lambda work: facts.correct(work, row.id, name, value, reason))

    for refused, given in (
        (NotPermitted, ("ready", True, "更正", CLERK)),
        (RuleBroken, ("unheard", True)),
        (RuleBroken, ("ready", "soon")),
        (Refused, ("ready", True, " ")),
        (FailedAgain, ("ready", None)),
    ):
        with pytest.raises(refused):
            correct(*given)
        with shop.engine.reading(MANAGER) as work:
            assert {one.name: one.value for one in facts.facts(work, row.id)}["ready"] is None

    correct("ready", True)

    assert shop.steps() == ["right"]
    assert [one.close_kind for one in shop.rows(incident)] == ["retried"]


def test_a_fact_of_a_called_process_is_put_right_there(shop: Shop) -> None:
    handed = '<camunda:in source="ready" target="ready"/>'
    sheet = Model("sheet").start(message="reported").call("sub", "gate", handed).end()
    shop.deploy(_gated(message=None), sheet.flow("start", "sub", "end"))
    shop.start("sheet", message="reported")
    shop.complete("first")
    (row,) = shop.rows(incident)

    shop.engine.run(MANAGER, lambda work: facts.correct(work, row.id, "ready", True, "更正"))

    assert shop.steps() == ["right"]


def _timed(*, interrupting: bool) -> Model:
    return (
        Model("timed")
        .start()
        .user("first", due="PT2H")
        .timer("late", "first", "PT30M", interrupting=interrupting)
        .user("chase", group="pm")
        .end()
        .flow("start", "first", "end")
        .flow("late", "chase", "end")
    )


def test_a_due_timer_wins_over_a_late_completion_and_the_person_is_told(shop: Shop) -> None:
    shop.deploy(_timed(interrupting=True))
    shop.start("timed")
    shop.clock.advance(minutes=31)

    with pytest.raises(TaskGone, match="时限已到"):
        shop.complete("first")

    assert shop.steps() == ["chase"]
    assert [row.end_kind for row in shop.rows(task_history)] == ["withdrawn"]


def test_a_timer_that_does_not_interrupt_leaves_the_task_open(shop: Shop) -> None:
    shop.deploy(_timed(interrupting=False))
    shop.start("timed")
    shop.clock.advance(minutes=31)
    fire_due(shop.engine)
    fire_due(shop.engine)

    assert shop.steps() == ["chase", "first"]
    shop.complete("first")
    assert shop.steps() == ["chase"]


def test_a_timer_due_in_an_outage_fires_once_after_it(shop: Shop) -> None:
    shop.deploy(_timed(interrupting=True))
    shop.start("timed")
    shop.clock.advance(days=2)
    fire_due(shop.engine)
    fire_due(shop.engine)

    assert shop.steps() == ["chase"]


def test_a_suspended_cases_timer_fires_after_it_is_resumed(shop: Shop) -> None:
    shop.deploy(_timed(interrupting=True))
    case = shop.start("timed")
    shop.engine.run(MANAGER, lambda work: instances.suspend(work, case.id, "核实"))
    shop.clock.advance(hours=1)
    fire_due(shop.engine)
    assert shop.steps() == ["first"]

    shop.engine.run(MANAGER, lambda work: instances.resume(work, case.id))
    fire_due(shop.engine)
    assert shop.steps() == ["chase"]


def _cancellable() -> Model:
    model = Model("ending", properties={"on_cancel": "test.cancelled"})
    return (
        model.start()
        .user("first", cancel="resident")
        .user("second")
        .end()
        .flow("start", "first", "second", "end")
    )


def test_who_the_step_names_cancels_with_a_reason(shop: Shop) -> None:
    shop.deploy(_cancellable())
    case = shop.start("ending")
    with pytest.raises(NotPermitted):
        shop.engine.run(SECOND_CLERK, lambda work: instances.cancel(work, case.id, "不修了"))
    shop.engine.run(RESIDENT, lambda work: instances.cancel(work, case.id, "不修了"))

    (row,) = shop.rows(instance)
    assert (row.state, shop.open_tasks(), shop.rows(job)) == ("cancelled", [], [])
    assert shop.calls == [("R1", "不修了")]
    assert shop.rows(history_event)[-1].detail == {"reason": "不修了"}


def test_a_later_step_may_not_be_cancelled_by_the_resident(shop: Shop) -> None:
    shop.deploy(_cancellable())
    case = shop.start("ending")
    shop.complete("first")

    with pytest.raises(NotPermitted):
        shop.engine.run(RESIDENT, lambda work: instances.cancel(work, case.id, "不修了"))


def test_a_cancellation_that_its_handler_refuses_changes_nothing(shop: Shop) -> None:
    shop.deploy(_cancellable())
    case = shop.start("ending")

    with pytest.raises(Refused, match="现在不能取消"):
        shop.engine.run(RESIDENT, lambda work: instances.cancel(work, case.id, "不可取消"))

    assert shop.steps() == ["first"]


def test_new_cases_take_the_new_version_and_running_ones_keep_theirs(shop: Shop) -> None:
    shop.deploy(Model("v").start().user("old").end().flow("start", "old", "end"))
    shop.start("v", "R1")
    shop.deploy(Model("v").start().user("new", due="PT10M").end().flow("start", "new", "end"))
    shop.start("v", "R2")

    assert shop.steps() == ["new", "old"]
    shop.complete("old")
    assert shop.steps() == ["new"]


def test_a_failed_retry_leaves_no_trace(shop: Shop) -> None:
    shop.deploy(_automatic())
    case = shop.start("auto", message="reported", wanted="x")
    shop.behave = _fail
    shop.complete("first")
    (before,) = shop.rows(instance)
    (retry,) = shop.rows(job)

    with pytest.raises((AlreadyDone, HandlerFailed)):
        shop.engine.run(MANAGER, lambda work: instances.retry(work, case.id, retry.token))

    assert shop.rows(instance) == [before]


def test_stuck_cases_are_counted_for_who_may_operate_them(shop: Shop) -> None:
    shop.deploy(_gated())
    shop.start("gate", message="reported")
    shop.complete("first")

    with shop.engine.reading(MANAGER) as work:
        assert incidents.open_count(work) == 1
    with shop.engine.reading(CLERK) as work:
        assert incidents.open_count(work) == 0
