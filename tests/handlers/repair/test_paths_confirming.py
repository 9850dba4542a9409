"""What happens when the owner is content, is not, or says nothing."""

from datetime import timedelta

import pytest

from engine import inbox, tasks, timers
from engine.errors import Refused, TaskGone
from engine.ports import SYSTEM
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.repair.records import Area
from tests.handlers.repair.repair_world import FULL_MARKS, Shop


@pytest.fixture
def finished(shop: Shop) -> str:
    """A repair that waits for the owner."""
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    return number


def test_after_two_days_customer_service_asks_by_phone(shop: Shop, finished: str) -> None:
    shop.later(days=2, seconds=-1)
    assert shop.steps(finished) == ["confirm"]
    shop.later(seconds=1)
    assert shop.steps(finished) == ["confirm", "record_confirmation"]


def test_an_answer_by_phone_withdraws_the_owners_form(shop: Shop, finished: str) -> None:
    shop.later(days=2)
    shop.do(finished, "record_confirmation", shop.clerk, **FULL_MARKS)
    order = shop.order(finished)
    assert (order.confirmed_by, order.is_recorded_by_phone) == ("phone", True)
    assert ("confirm", "withdrawn") in shop.done(finished)


def test_the_owners_answer_withdraws_the_phone_call(shop: Shop, finished: str) -> None:
    shop.later(days=2)
    phoning = shop.task(finished, "record_confirmation").id
    shop.do(finished, "confirm", shop.owner, **FULL_MARKS)
    assert ("record_confirmation", "withdrawn") in shop.done(finished)
    with pytest.raises(TaskGone):
        shop.engine.run(shop.clerk, lambda work: tasks.complete(work, phoning, {"outcome": "unreachable"}))


def test_who_repaired_neither_answers_for_the_owner_nor_visits_even_with_a_desks_post(
    shop: Shop, finished: str
) -> None:
    with shop.engine.work(SYSTEM) as work:
        staff.insert_post(work, shop.plumber.id, Post.CS, shop.community)
    shop.later(days=2)
    with pytest.raises(Refused, match="不能办理"):
        shop.do(finished, "record_confirmation", shop.plumber, **FULL_MARKS)
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    rework(shop, finished, shop.plumber)
    shop.do(finished, "confirm", shop.owner, **FULL_MARKS)
    with pytest.raises(Refused, match="不能办理"):
        shop.do(finished, "visit_by_clerk", shop.plumber, outcome="a")


def test_silence_confirms_after_exactly_seven_days_and_a_failed_call(shop: Shop, finished: str) -> None:
    shop.later(days=2)
    shop.do(finished, "record_confirmation", shop.clerk, outcome="unreachable")
    shop.later(days=5, seconds=-1)
    assert shop.steps(finished) == ["confirm"]
    shop.later(seconds=1)
    order = shop.order(finished)
    assert (order.confirmed_by, order.is_auto_confirmed) == ("auto", True)
    assert order.rating_speed is None
    assert ("confirm", "withdrawn") in shop.done(finished)
    assert shop.steps(finished) == ["visit_by_clerk"]


def test_a_timer_that_came_due_while_the_platform_was_down_fires_once(shop: Shop, finished: str) -> None:
    shop.later(days=2)
    shop.do(finished, "record_confirmation", shop.clerk, outcome="unreachable")
    shop.clock.advance(days=5, hours=2)
    timers.fire_due(shop.engine)
    timers.fire_due(shop.engine)
    assert shop.events(finished).count("auto_confirmed") == 1
    assert shop.steps(finished) == ["visit_by_clerk"]


def test_nobody_confirms_for_an_owner_whom_nobody_called(shop: Shop, finished: str) -> None:
    shop.later(days=7)
    order = shop.order(finished)
    assert (order.confirmed_by, order.state) == (None, "finished")
    assert shop.steps(finished) == ["visit_by_clerk"]
    shop.do(finished, "visit_by_clerk", shop.clerk, outcome="a", comment="修好了")
    assert (shop.order(finished).confirmed_by, shop.order(finished).state) == ("phone", "closed")


def test_a_call_in_vain_before_a_rework_confirms_nothing_after_it(shop: Shop, finished: str) -> None:
    shop.later(days=2)
    shop.do(finished, "record_confirmation", shop.clerk, outcome="unreachable")
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    shop.later(minutes=1)
    rework(shop, finished, shop.plumber)
    shop.later(days=7)
    assert shop.order(finished).confirmed_by is None
    assert shop.steps(finished) == ["visit_by_clerk"]


def test_answering_after_the_seven_days_is_too_late(shop: Shop, finished: str) -> None:
    confirming = shop.task(finished, "confirm").id
    shop.clock.advance(days=7, minutes=1)
    answers = dict(FULL_MARKS)
    with pytest.raises(TaskGone, match="时限已到"):
        shop.engine.run(shop.owner, lambda work: tasks.complete(work, confirming, answers))
    assert shop.order(finished).confirmed_by is None


def test_rejected_once_the_same_person_may_repair_again(shop: Shop, finished: str) -> None:
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    assert shop.steps(finished) == ["plan_rework"]
    rework(shop, finished, shop.plumber)
    shop.do(finished, "confirm", shop.owner, **FULL_MARKS)
    assert (shop.order(finished).rework_count, shop.order(finished).outcome) == (1, "repaired")
    assert shop.steps(finished) == ["visit_by_clerk"]


def test_rejected_twice_another_person_is_sent_and_the_third_time_is_a_complaint(
    shop: Shop, finished: str
) -> None:
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    rework(shop, finished, shop.plumber)
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="又漏了")
    with pytest.raises(Refused):
        rework(shop, finished, shop.plumber)
    rework(shop, finished, shop.second_plumber)
    assert shop.order(finished).worker_id == shop.second_plumber.id
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="第三次了")
    order = shop.order(finished)
    assert (order.state, order.outcome, order.rework_count) == ("closed", "complaint", 3)
    assert [f"account:{shop.manager.id}"] in shop.told("repair_complaint")
    assert shop.steps(finished) == ["answer_complaint"]


@pytest.fixture
def refused_twice(shop: Shop, finished: str) -> str:
    """A repair that the plumber did twice in vain; now the second plumber is sent."""
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    rework(shop, finished, shop.plumber)
    shop.do(finished, "confirm", shop.owner, outcome="unsatisfied", problem="又漏了")
    worker_id = str(shop.second_plumber.id)
    shop.do(finished, "plan_rework", shop.lead, cause="垫圈装反", measure="重装", worker_id=worker_id)
    return finished


def test_whom_the_owner_refused_twice_a_colleague_hands_nothing_to(shop: Shop, refused_twice: str) -> None:
    third = shop.staff(Post.RP)
    shop.skill(third, "plumbing")
    shop.on_duty(third, shop.clock.now(), timedelta(days=9))
    task_id = shop.task(refused_twice, "take").id
    with shop.engine.reading(shop.second_plumber) as work:
        colleagues = inbox.detail(work, task_id).opened.options["colleagues"]
    assert [one["value"] for one in colleagues] == [str(third.id)]
    with pytest.raises(Refused, match="不能办理"):
        shop.engine.run(shop.lead, lambda work: tasks.reassign(work, task_id, shop.plumber.id, "换人"))
    shop.engine.run(shop.lead, lambda work: tasks.reassign(work, task_id, third.id, "换人"))
    shop.engine.run(shop.lead, lambda work: tasks.reassign(work, task_id, shop.second_plumber.id, "换人"))
    shop.repair(refused_twice, shop.second_plumber)


def test_what_is_given_back_goes_to_the_lead_not_to_whom_the_owner_refused(
    shop: Shop, refused_twice: str
) -> None:
    shop.do(refused_twice, "take", shop.second_plumber, outcome="return", reason_code="busy")
    assert shop.steps(refused_twice) == ["lead_decide"]
    worker_id = str(shop.plumber.id)
    shop.do(refused_twice, "lead_decide", shop.lead, outcome="reassign", worker_id=worker_id, reason="急")
    shop.repair(refused_twice, shop.plumber)


def rework(shop: Shop, number: str, worker: object) -> None:
    """Let the lead plan the rework and the worker do it."""
    shop.do(number, "plan_rework", shop.lead, cause="垫圈装反", measure="重装", worker_id=str(worker.id))
    shop.repair(number, worker)


def test_a_bad_mark_brings_the_lead_of_the_desk_to_call(shop: Shop, finished: str) -> None:
    shop.do(finished, "confirm", shop.owner, **(FULL_MARKS | {"speed": "2"}))
    assert shop.order(finished).state == "closed"
    assert shop.steps(finished) == ["visit_by_lead"]


def test_a_common_area_is_accepted_by_the_engineering_lead(shop: Shop) -> None:
    number = shop.report(fault="P05", text="一楼楼道灯不亮", area=Area.COMMON, place="一楼楼道")
    shop.accept(number, shop.electrician)
    shop.repair(number, shop.electrician)
    assert shop.steps(number) == ["inspect"]
    shop.do(number, "inspect", shop.lead, outcome="satisfied")
    assert (shop.order(number).state, shop.order(number).confirmed_by) == ("closed", "lead")


def test_a_lead_who_repaired_a_common_area_does_not_accept_it(shop: Shop) -> None:
    number = shop.report(fault="P05", text="一楼楼道灯不亮", area=Area.COMMON, place="一楼楼道")
    shop.accept(number, shop.electrician)
    shop.repair(number, shop.electrician)
    with shop.engine.work(SYSTEM) as work:
        staff.insert_post(work, shop.electrician.id, Post.RPL, shop.community)
    with pytest.raises(Refused, match="不能办理"):
        shop.do(number, "inspect", shop.electrician, outcome="satisfied")
    assert shop.order(number).confirmed_by is None
