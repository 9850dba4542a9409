"""What comes from outside a case: messages of other cases, and work that other programs do."""

from datetime import timedelta
from xml.sax.saxutils import quoteattr

import pytest
from sqlalchemy import update

from engine import external_tasks, incidents, instances, messages, tasks, timers
from engine.errors import NotPermitted, RuleBroken
from engine.external_tasks import FetchedTask, Order
from engine.messages import NotAwaited
from engine.store.tables import external_task, history_event, incident
from tests.engine.cases.conftest import CLERK, MANAGER, WORKER, Shop
from tests.engine.models import Model


def _receiving() -> Model:
    return (
        Model("receive").start().user("first").receive("paid", "payment").user("thank").end()
        .flow("start", "first", "paid", "thank", "end")
    )  # fmt: skip


def test_a_message_reaches_the_case_with_its_business_key(shop: Shop) -> None:
    shop.deploy(_receiving())
    shop.start("receive", "R1")
    shop.start("receive", "R2")
    for row in shop.open_tasks("first"):
        shop.engine.run(CLERK, lambda work, task_id=row.id: tasks.complete(work, task_id, {}))
    shop.engine.run(CLERK, lambda work: messages.correlate(work, "receive", "payment", "R2", {}))

    assert shop.steps() == ["thank"]
    with pytest.raises(NotAwaited):
        shop.engine.run(CLERK, lambda work: messages.correlate(work, "receive", "payment", "R2", {}))


def _outside() -> Model:
    return (
        Model("outside").start(message="reported").service("meter", "test.outside").user("read").end()
        .error("broke", "meter", "broken").user("mend").flow("broke", "mend", "end")
        .flow("start", "meter", "read", "end")
    )  # fmt: skip


def _fetch(shop: Shop, worker: str = "w1") -> list[FetchedTask]:
    return shop.engine.run(
        WORKER,
        lambda work: external_tasks.fetch_and_lock(
            work, worker, ["test.outside"], most=10, lock_for=timedelta(minutes=5)
        ),
    )


def _fail_for_good(shop: Shop) -> None:
    (fetched,) = _fetch(shop)
    shop.engine.run(
        WORKER,
        lambda work: external_tasks.failure(
            work, fetched.id, "w1", "no signal", retries=0, retry_after=timedelta(0)
        ),
    )


def test_an_outside_worker_fetches_with_a_lock_and_completes(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    (fetched,) = _fetch(shop)

    assert fetched.inputs == {"wanted": "m1"}
    assert _fetch(shop, "w2") == []
    shop.engine.run(WORKER, lambda work: external_tasks.complete(work, fetched.id, "w1", {"measured": 7}))
    assert shop.steps() == ["read"]
    assert shop.rows(external_task) == []


def test_a_lock_that_ran_out_lets_another_worker_in(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    _fetch(shop)
    shop.clock.advance(minutes=6)
    (fetched,) = _fetch(shop, "w2")

    with pytest.raises(RuleBroken):
        shop.engine.run(WORKER, lambda work: external_tasks.complete(work, fetched.id, "w1", {}))


def test_at_the_end_of_a_lock_the_work_is_free_and_no_longer_the_first_workers(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    (first,) = _fetch(shop)
    shop.clock.advance(minutes=5)
    with pytest.raises(RuleBroken):
        shop.engine.run(WORKER, lambda work: external_tasks.complete(work, first.id, "w1", {}))
    assert [one.worker_id for one in _fetch(shop, "w2")] == ["w2"]


def test_outside_work_is_fetched_and_returned_in_the_order_it_was_asked_for(shop: Shop) -> None:
    shop.deploy(_outside())
    for key, priority in (("old", 0), ("urgent", 9), ("new", 5)):
        case = shop.start("outside", key, message="reported", wanted=key)
        with shop.engine.work(WORKER) as work:
            mine = external_task.c.instance_id == case.id
            work.connection.execute(update(external_task).where(mine).values(priority=priority))
        shop.clock.advance(minutes=1)

    assert _in_order(shop) == ["urgent", "new", "old"]
    assert _in_order(shop, Order.NEWEST) == ["new", "urgent", "old"]
    assert _in_order(shop, Order.OLDEST) == ["old", "urgent", "new"]
    assert _in_order(shop, most=1) == ["urgent"]
    assert _in_order(shop, Order.PRIORITY, Order.NEWEST) == ["urgent", "new", "old"]


@pytest.mark.parametrize(
    ("said", "of_process", "found"),
    [
        ("", "", 0),
        ("7", "", 7),
        ("-3", "", -3),
        ("", "4", 4),
        ("7", "4", 7),
        ('${wanted == "flood" ? 9 : 1}', "", 9),
    ],
)
def test_outside_work_is_as_urgent_as_its_step_or_else_its_procedure_says(
    shop: Shop, said: str, of_process: str, found: int
) -> None:
    shop.deploy(_urgent(said, of_process))
    shop.start("outside", message="reported", wanted="flood")
    assert [row.priority for row in shop.rows(external_task)] == [found]


def test_the_most_urgent_outside_work_of_two_cases_is_fetched_first(shop: Shop) -> None:
    shop.deploy(_urgent('${wanted == "flood" ? 9 : 1}'))
    for key in ("drip", "flood"):
        shop.start("outside", key, message="reported", wanted=key)
        shop.clock.advance(minutes=1)
    assert _in_order(shop) == ["flood", "drip"]


@pytest.mark.parametrize("priority", ["${5 / 2}", "${3000000000 * 1}"])
def test_a_priority_that_is_no_whole_number_is_an_incident(shop: Shop, priority: str) -> None:
    shop.deploy(_urgent(priority))
    shop.start("outside", message="reported", wanted="flood")
    assert shop.rows(external_task) == []
    assert ["taskPriority" in row.message for row in shop.rows(incident)] == [True]


def _urgent(of_step: str, of_process: str = "") -> tuple[str, bytes]:
    """Write the priorities of the step and of its procedure where a modeller for Camunda writes them."""
    xml = _outside().xml().decode()
    for before, said in (("<bpmn:serviceTask ", of_step), ("<bpmn:process ", of_process)):
        if said:
            xml = xml.replace(before, f"{before}camunda:taskPriority={quoteattr(said)} ")
    return "outside.bpmn", xml.encode()


def _in_order(shop: Shop, *order: Order, most: int = 10) -> list[str]:
    """Fetch in an order, tell the business keys, and wait until the locks have run out."""
    fetched = shop.engine.run(
        WORKER,
        lambda work: external_tasks.fetch_and_lock(
            work,
            "w1",
            ["test.outside"],
            most=most,
            lock_for=timedelta(minutes=1),
            order=order or (Order.PRIORITY,),
        ),
    )
    shop.clock.advance(minutes=1)
    return [one.business_key for one in fetched]


def test_an_outside_task_without_retries_is_an_incident_that_can_be_retried(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    _fail_for_good(shop)
    assert _fetch(shop) == []
    (row,) = shop.rows(incident)
    shop.engine.run(MANAGER, lambda work: incidents.retry(work, row.id, "信号恢复"))

    assert len(_fetch(shop)) == 1


def test_an_incident_of_outside_work_that_nobody_waits_for_any_more_is_closed(shop: Shop) -> None:
    shop.deploy(_outside_for_an_hour())
    shop.start("outside", message="reported", wanted="m1")
    _fail_for_good(shop)
    shop.clock.advance(minutes=61)
    timers.fire_due(shop.engine)
    assert shop.steps() == ["read"]
    (row,) = shop.rows(incident)
    assert (row.close_kind, row.closed_at) == ("resolved", shop.clock.now())


def _outside_for_an_hour() -> Model:
    return (
        Model("outside").start(message="reported").service("meter", "test.outside")
        .timer("late", "meter", "PT1H").user("read").end()
        .flow("start", "meter", "read", "end").flow("late", "read")
    )  # fmt: skip


def test_an_outside_error_takes_the_path_drawn_for_it(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    (fetched,) = _fetch(shop)
    shop.engine.run(WORKER, lambda work: external_tasks.bpmn_error(work, fetched.id, "w1", "broken", {}))

    assert shop.steps() == ["mend"]


def test_a_person_is_no_outside_worker(shop: Shop) -> None:
    with pytest.raises(NotPermitted), shop.engine.work(CLERK) as work:
        external_tasks.fetch_and_lock(work, "w", ["test.outside"], most=1, lock_for=timedelta(minutes=1))


def _throwing() -> Model:
    thrower = Model("throw").start().user("pay")
    thrower.throw("told", "payment")
    return thrower.end().flow("start", "pay", "told", "end")


def test_what_a_case_says_reaches_the_case_that_waits_for_it(shop: Shop) -> None:
    shop.deploy(_receiving(), _throwing())
    shop.start("receive", "R1")
    shop.complete("first")
    shop.start("throw", "R1")
    shop.complete("pay")

    assert shop.steps() == ["thank"]
    assert "message_sent" in {row.kind for row in shop.rows(history_event)}


def test_what_nobody_hears_stays_in_the_history(shop: Shop) -> None:
    shop.deploy(_throwing())
    shop.start("throw", "R1")
    shop.complete("pay")

    assert [row.detail for row in shop.rows(history_event) if row.kind == "message_unheard"] == [
        {"name": "payment"}
    ]


def test_whoever_operates_the_case_sees_who_has_it_and_gives_it_back(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    (fetched,) = _fetch(shop)
    with shop.engine.reading(MANAGER) as work:
        (seen,) = external_tasks.open_tasks(work)
    assert (seen.topic, seen.step_name, seen.worker_id) == ("test.outside", ("meter", "meter"), "w1")
    assert seen.locked_until == fetched.locked_until

    with shop.engine.reading(CLERK) as work:
        assert external_tasks.open_tasks(work) == []
    with pytest.raises(NotPermitted):
        shop.engine.run(CLERK, lambda work: external_tasks.unlock(work, fetched.id))
    shop.engine.run(MANAGER, lambda work: external_tasks.unlock(work, fetched.id))
    assert "unlocked" in [row.kind for row in shop.rows(history_event)]
    assert [one.id for one in _fetch(shop, "w2")] == [fetched.id]
    shop.clock.advance(minutes=6)
    with shop.engine.reading(MANAGER) as work:
        assert external_tasks.open_tasks(work)[0].worker_id == ""  # the lock has run out


def test_a_lock_that_has_run_out_is_worth_nothing(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    (fetched,) = _fetch(shop)
    shop.clock.advance(minutes=5)
    with pytest.raises(RuleBroken):
        shop.engine.run(WORKER, lambda work: external_tasks.complete(work, fetched.id, "w1", {"measured": 7}))
    assert [one.id for one in _fetch(shop, "w2")] == [fetched.id]


def test_what_a_topic_does_not_declare_never_enters_process_data(shop: Shop) -> None:
    shop.deploy(_outside())
    shop.start("outside", message="reported", wanted="m1")
    (fetched,) = _fetch(shop)
    undeclared = {"measured": 7, "phone": "13900000001"}
    for act in (
        external_tasks.complete,
        lambda *given: external_tasks.bpmn_error(*given[:3], "broken", given[3]),
    ):
        with pytest.raises(RuleBroken) as refused:
            shop.engine.run(WORKER, lambda work, act=act: act(work, fetched.id, "w1", undeclared))
        assert refused.value.params["names"] == "phone"
    assert shop.rows(external_task) != []


def test_the_outside_work_of_a_suspended_case_rests(shop: Shop) -> None:
    shop.deploy(_outside())
    case_id = shop.start("outside", message="reported", wanted="m1").id
    shop.engine.run(MANAGER, lambda work: instances.suspend(work, case_id, "停电"))
    assert _fetch(shop) == []
    shop.engine.run(MANAGER, lambda work: instances.resume(work, case_id))
    assert len(_fetch(shop)) == 1
