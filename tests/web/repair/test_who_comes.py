"""Residents read who comes next, never who was there before and comes no more."""

from datetime import timedelta

from engine.ports import SYSTEM, Json
from tests.handlers.repair.repair_world import FULL_MARKS
from tests.handlers.repair.test_appointments import tomorrow_at
from tests.web.repair.conftest import Pages
from tests.web.repair.test_reports import agreed, not_at_home, page_of


def name_of(pages: Pages, account_id: int) -> str:
    with pages.shop.engine.reading(SYSTEM) as work:
        return work.engine.directory.names(work.connection, [account_id])[account_id]


def test_who_is_not_content_reads_of_a_repairer_once_one_is_sent(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, outcome="unsatisfied", problem="还在滴")
    page, plumber = page_of(pages, number), shop.order(number).worker_id
    assert "会再派人来修" in page
    assert "维修人员</span>" not in page, "who was there before is not who comes"
    assert name_of(pages, plumber) not in pages.browser(shop.owner).get("/home/").text
    shop.do(number, "plan_rework", shop.lead, cause="垫圈装反", measure="重装", worker_id=str(plumber))
    page = page_of(pages, number)
    assert name_of(pages, plumber) in page
    assert "上门时间" not in page, "the time of the first visit is past"
    assert shop.order(number).window_from is None


def test_the_owner_reads_who_comes_again_because_of_a_complaint_and_when(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
    shop.do(number, "visit_by_lead", shop.desk_lead, outcome="c", comment="还在漏")
    assert "维修人员</span>" not in page_of(pages, number), "whom they complain of does not come"
    told: dict[str, Json] = {"met": "phone", "said": "太慢", "answer": "换人再修", "outcome": "again"}
    at = shop.clock.now().astimezone(shop.engine.zone).replace(hour=14, minute=0) + timedelta(days=1)
    shop.do(number, "answer_complaint", shop.manager, **told, promised_on=at.date().isoformat())
    sent: dict[str, Json] = {"worker_id": str(shop.second_plumber.id), "visit_at": at.isoformat()}
    shop.do(number, "send_again", shop.lead, **sent, measure="换阀芯")
    page = page_of(pages, number)
    assert name_of(pages, shop.second_plumber.id) in page
    assert "明天 13:30–14:30 上门，请留人在家。" in page
    shop.clock.advance(days=1, hours=9)
    assert "18:00 前办好" in page_of(pages, number)


def test_who_named_another_time_reads_it_until_the_repairer_has_settled_it(pages: Pages) -> None:
    shop = pages.shop
    number = not_at_home(shop)
    shop.do(number, "rebook", shop.owner, visit_at=tomorrow_at(shop, 10).isoformat())
    assert "10:00 上门" in page_of(pages, number)


def test_who_waits_for_parts_reads_until_when(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="parts", finding="阀芯坏，车上没有")
    parts, day = [{"name": "阀芯", "quantity": 1, "unit": "个"}], tomorrow_at(shop, 10).date().isoformat()
    shop.do(number, "request", shop.plumber, outcome="purchase", parts=parts, parts_on=day)
    assert "18:00 前到货" in page_of(pages, number)


def test_nobody_is_told_to_stay_at_home_for_a_visit_whose_time_is_past(pages: Pages) -> None:
    number = agreed(pages.shop)
    pages.shop.clock.advance(days=2)
    page = page_of(pages, number)
    assert "请留人在家" not in page
    assert "约定的时间已过，还没有登记到场" in page
    assert "13:30–14:30（已过）" in page
    assert "13:30–14:30（已过）" in pages.browser(pages.shop.owner).get("/home/").text
