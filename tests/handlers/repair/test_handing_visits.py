"""A visit that is agreed on is handed to nobody who is expected elsewhere then."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import handing, inbox, tasks
from engine.errors import Refused
from engine.ports import SYSTEM, Actor
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.repair.records import Area
from handlers.shared.records import outbox_job
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.test_appointments import agreed, fixed, tomorrow_at
from tests.handlers.repair.test_complaining import complained
from tests.handlers.repair.test_repairing_again import promised, send

__all__ = ["complained", "promised"]


def booked(shop: Shop, hour: int, by: Actor | None = None) -> str:
    """Let a plumber, the second unless another is named, have agreed on a visit tomorrow."""
    number, plumber = shop.report(fault="W06", text="漏水"), by or shop.second_plumber
    shop.accept(number, plumber)
    shop.do(number, "take", plumber, outcome="taken")
    fixed(shop, number, tomorrow_at(shop, hour), by=plumber)
    return number


def give(shop: Shop, number: str, by: Actor, to: Actor, step: str = "arrive") -> None:
    task_id = shop.task(number, step).id
    shop.engine.run(by, lambda work: tasks.reassign(work, task_id, to.id, "换人"))


def release(shop: Shop, number: str) -> None:
    task_id = shop.task(number, "arrive").id
    shop.engine.run(shop.plumber, lambda work: tasks.release(work, task_id))


def test_neither_lead_nor_repairer_hands_a_visit_to_who_is_expected_elsewhere(shop: Shop) -> None:
    number = agreed(shop)
    booked(shop, 14)
    for by in (shop.lead, shop.plumber):
        with pytest.raises(Refused, match="已有约，请先改约时间或另选一人"):
            give(shop, number, by, shop.second_plumber)
    release(shop, number)
    task_id = shop.task(number, "arrive").id
    with pytest.raises(Refused, match="已有约"):
        shop.engine.run(shop.second_plumber, lambda work: tasks.claim(work, task_id))
    assert shop.order(number).worker_id == shop.plumber.id


def test_who_is_free_at_the_hour_or_comes_at_once_is_handed_the_visit(shop: Shop) -> None:
    number = agreed(shop)
    booked(shop, 17)
    give(shop, number, shop.lead, shop.second_plumber)
    at_once = shop.report(fault="W07", text="漏水")
    shop.accept(at_once)
    shop.do(at_once, "take", shop.plumber, outcome="taken")
    shop.clock.advance(hours=(tomorrow_at(shop, 14) - shop.clock.now()) / timedelta(hours=1))
    shop.do(at_once, "appoint", shop.plumber, outcome="soon")
    give(shop, at_once, shop.lead, shop.second_plumber)
    assert {shop.order(one).worker_id for one in (number, at_once)} == {shop.second_plumber.id}


def test_who_leaves_hands_on_what_the_successor_can_come_to_and_the_lead_is_told_of_the_rest(
    shop: Shop,
) -> None:
    number = agreed(shop)
    later = booked(shop, 9, by=shop.plumber)
    booked(shop, 14)
    shop.engine.run(SYSTEM, lambda work: staff.end_account(work, shop.plumber.id, shop.second_plumber.id))
    assert shop.order(later).worker_id == shop.task(later, "arrive").assignee_id == shop.second_plumber.id
    assert shop.task(number, "arrive").assignee_id is None, "expected elsewhere at that hour"
    assert shop.order(number).worker_id == shop.plumber.id, "until somebody takes it"
    with shop.engine.reading(SYSTEM) as work:
        told = [one for one in work.connection.execute(select(outbox_job.c.args)).scalars() if "cases" in one]
    assert [(one["template"], one["group"], one["cases"]) for one in told] == [
        ("visits_left", "rpl", [number])
    ]


def test_only_who_is_free_at_the_hour_is_shown_as_able_to_be_given_a_visit(shop: Shop) -> None:
    number, early = agreed(shop), booked(shop, 9)
    booked(shop, 14)
    visit, other = shop.task(number, "arrive").id, shop.task(early, "arrive").id
    with shop.engine.reading(shop.lead) as work:
        found = handing.choices(work, [visit, other])
        detail = inbox.detail(work, visit)
        assert handing.receivers(work, detail.case, detail.task) == found[visit]
    assert shop.second_plumber.id not in found[visit]
    assert shop.plumber.id in found[other]
    shop.clock.advance(days=2)
    with shop.engine.reading(shop.lead) as work:
        assert shop.second_plumber.id in handing.choices(work, [visit])[visit], "the hour is past"


def test_a_visit_because_of_a_complaint_is_not_handed_to_who_is_expected_elsewhere(
    shop: Shop, promised: str
) -> None:
    helper = shop.staff(Post.RP)
    lamp = shop.report(fault="P05", text="一楼楼道灯不亮", area=Area.COMMON, place="一楼楼道")
    shop.accept(lamp, shop.electrician)
    shop.do(lamp, "take", shop.electrician, outcome="taken")
    fixed(shop, lamp, tomorrow_at(shop, 14), by=shop.electrician)
    send(shop, promised, at=tomorrow_at(shop, 14))
    shop.on_duty(helper, shop.clock.now(), timedelta(days=2))
    visit = shop.task(promised, "visit_again").id
    with shop.engine.reading(shop.lead) as work:
        assert handing.choices(work, [visit]) == {visit: [helper.id]}
    with pytest.raises(Refused, match="已有约"):
        give(shop, promised, shop.lead, shop.electrician, "visit_again")
    give(shop, promised, shop.lead, helper, "visit_again")
    assert shop.task(promised, "visit_again").assignee_id == helper.id
    other = shop.task(agreed(shop), "arrive").id
    with shop.engine.reading(shop.lead) as work:
        assert helper.id not in handing.choices(work, [other])[other], "for the complaint"
