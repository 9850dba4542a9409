"""A complaint about a repair that the only manager did is somebody's all the same, and not theirs."""

import pytest

from engine.errors import NotAllowed, Refused
from engine.ports import Json
from handlers.accounts.permissions import Post
from handlers.repair.records import repair_assignment
from tests.handlers.repair.repair_world import FULL_MARKS, Shop
from tests.handlers.repair.test_complaining import NOTHING


def complain_of_the_manager(shop: Shop) -> str:
    """Let the only manager have done a repair whose owner is not content with it."""
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
    with shop.engine.work(shop.manager) as work:
        work.connection.execute(
            repair_assignment.update()
            .where(repair_assignment.c.order_id == shop.order(number).id)
            .values(worker_id=shop.manager.id)
        )
    shop.do(number, "visit_by_lead", shop.desk_lead, outcome="c", comment="还在漏")
    return number


def test_quality_answers_a_complaint_about_the_only_manager_and_somebody_else_reviews_it(shop: Shop) -> None:
    quality, second = shop.staff(Post.QA), shop.staff(Post.QA)
    number = complain_of_the_manager(shop)
    assert shop.told("task_offered") == [[str(quality.id), str(second.id)]]
    with pytest.raises(Refused, match="不能办理"):
        shop.do(number, "answer_complaint", shop.manager, **NOTHING)
    shop.do(number, "answer_complaint", quality, **NOTHING)
    shop.do(number, "ask_complainant", shop.desk_lead, outcome="c", problem="不行")
    review: dict[str, Json] = {"finding": "记录齐全", "answer": "质保延长半年"}
    with pytest.raises(NotAllowed, match="另一人"):
        shop.do(number, "review_complaint", quality, **review)
    shop.do(number, "review_complaint", second, **review)
    assert shop.case(number).state == "completed"


def test_administration_reviews_a_complaint_that_the_only_one_of_quality_answered(shop: Shop) -> None:
    quality, office = shop.staff(Post.QA), shop.staff(Post.ADM, everywhere=True)
    number = complain_of_the_manager(shop)
    shop.do(number, "answer_complaint", quality, **NOTHING)
    shop.do(number, "ask_complainant", shop.desk_lead, outcome="c", problem="不行")
    assert shop.told("task_offered") == [[str(quality.id)], [str(office.id)]]
    review: dict[str, Json] = {"finding": "记录齐全", "answer": "质保延长半年"}
    with pytest.raises(NotAllowed, match="另一人"):
        shop.do(number, "review_complaint", quality, **review)
    shop.do(number, "review_complaint", office, **review)
    assert shop.case(number).state == "completed"


def test_who_did_the_repair_hears_of_no_step_of_the_complaint(shop: Shop) -> None:
    quality = shop.staff(Post.QA)
    complain_of_the_manager(shop)
    shop.later(hours=12)
    assert shop.told("repair_complaint") == [[f"account:{shop.desk_lead.id}"]]
    assert shop.told("task_escalated")[-1] == [str(quality.id)]
    told = shop.told("task_escalated", "task_offered", "task_warning")
    assert all(str(shop.manager.id) not in people for people in told)


def test_a_step_whose_people_are_off_duty_waits_for_them(shop: Shop) -> None:
    shop.off_duty(shop.clerk)
    number = shop.report()
    assert shop.told("task_offered") == []
    shop.accept(number)
