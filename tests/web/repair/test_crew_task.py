"""A step of repair staff on its page: whom to call, where to go, and the ways it can end near the thumb."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from handlers.estate.entry import describe_community
from handlers.repair.records import Area
from handlers.shared.records import access_log
from tests.handlers.repair.repair_world import OWNER_PHONE
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages
from tests.web.repair.test_crew import order, plumber


def page_of(pages: Pages, number: str, step: str, who: Browser | None = None) -> str:
    address = f"/tasks/{pages.shop.task(number, step).id}"
    return (who or plumber(pages)).get(address).text


def ways(page: str) -> list[str]:
    buttons = re.findall(r"<button[^>]*data-way=[^>]*>(.*?)</button>", page, re.DOTALL)
    return [re.sub("<[^>]*>", "", text).strip() for text in buttons]


def test_the_ways_a_step_can_end_are_buttons(pages: Pages) -> None:
    number = order(pages.shop)
    page = page_of(pages, number, "take")
    assert ways(page) == ["接单", "转单", "退单"]
    assert "has-few-ways" in page


def test_waiting_for_parts_is_near_the_thumb_while_the_work_goes_on(pages: Pages) -> None:
    number = order(pages.shop)
    pages.shop.go_to(number)
    assert "待料" in ways(page_of(pages, number, "diagnose"))
    pages.shop.do(number, "diagnose", pages.shop.plumber, outcome="repair", finding="垫圈老化")
    page = page_of(pages, number, "do_work")
    assert 'data-opens-more="more-pause" data-check="parts"' in page
    assert 'data-opens-more="more-reassign"' in page


def test_the_lead_pauses_and_resumes_what_the_repairer_may_not(pages: Pages) -> None:
    number = order(pages.shop)
    pages.shop.go_to(number)
    pages.shop.do(number, "diagnose", pages.shop.plumber, outcome="repair", finding="垫圈老化")
    address = f"/tasks/{pages.shop.task(number, 'do_work').id}"
    until = (pages.shop.clock.now() + timedelta(days=5)).isoformat()
    lead = pages.browser(pages.shop.lead)
    assert (
        plumber(pages).post(f"{address}/pause", {"reason": "parts", "until": until}, address).status_code
        == 403
    )
    assert f'action="{address}/pause"' in lead.get(address).text
    assert lead.post(f"{address}/pause", {"reason": "parts", "until": until}, address).status_code == 302
    assert f'action="{address}/unpause"' in lead.get(address).text


def test_steps_of_the_desk_keep_their_form_as_it_is(pages: Pages) -> None:
    number = pages.shop.report()
    page = page_of(pages, number, "accept", pages.browser(pages.shop.clerk))
    assert "data-ways" not in page
    assert "data-call" not in page


def test_the_number_is_masked_until_it_is_looked_up_and_that_is_noted_first(pages: Pages) -> None:
    number = order(pages.shop)
    phone = plumber(pages)
    page = page_of(pages, number, "take", phone)
    assert OWNER_PHONE not in page
    assert "138****2222" in page
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    answer = phone.client.post(
        f"/repairs/{number}/contact",
        data={"purpose": "repair"},
        headers={"Accept": "application/json", "X-CSRFToken": token},
    )
    assert answer.get_json()["phone"] == OWNER_PHONE
    with pages.shop.engine.reading(SYSTEM) as work:
        noted = work.connection.execute(select(access_log.c.actor_id, access_log.c.purpose)).all()
    assert (pages.shop.plumber.id, "repair") in [tuple(row) for row in noted]


def test_somebody_who_was_not_sent_is_not_told_the_number(pages: Pages) -> None:
    number = order(pages.shop)
    other = pages.browser(pages.shop.electrician)
    assert other.post(f"/repairs/{number}/contact", {"purpose": "repair"}, page="/crew/").status_code == 404


@pytest.mark.parametrize("address", ["", "滨江区翠湖路 1 号"])
def test_a_map_is_offered_where_the_community_has_an_address(pages: Pages, address: str) -> None:
    with pages.shop.engine.work(SYSTEM) as work:
        describe_community(work, "翠湖花园", desk_phone=None, address=address)
    page = page_of(pages, order(pages.shop), "take")
    assert ("geo:0,0?q=" in page) == bool(address)
    assert "301" not in "".join(re.findall(r'(?:geo:|https://uri)[^"]*', page)), (
        "the map need not know the flat"
    )


def test_what_was_reported_stands_above_and_is_not_repeated(pages: Pages) -> None:
    page = page_of(pages, order(pages.shop, "厨房的龙头关不紧"), "take")
    assert page.count("厨房的龙头关不紧") == 1
    assert page.index("厨房的龙头关不紧") < page.index("全部情况")


def test_who_may_take_a_step_reads_its_case_until_somebody_else_takes_it(pages: Pages) -> None:
    number = pages.shop.report("W01", "水管爆了", area=Area.COMMON, place="地下室")
    repairer, task_id = plumber(pages), pages.shop.task(number, "take").id
    colleague = pages.browser(pages.shop.second_plumber)
    case = f"/cases/{number}"

    assert f'href="{case}"' in repairer.get(f"/tasks/{task_id}").text
    assert repairer.get(case).status_code == colleague.get(case).status_code == 200
    assert pages.browser(pages.shop.vendor).get(case).status_code == 404
    repairer.post(f"/tasks/{task_id}/claim", page=f"/tasks/{task_id}")
    assert colleague.get(case).status_code == 404
    assert f'href="{case}"' in repairer.get(f"/tasks/{task_id}").text
    assert repairer.get(case).status_code == 200


def test_a_repairer_who_comes_back_to_a_step_that_is_done_goes_on_with_his_own_list(pages: Pages) -> None:
    number = order(pages.shop)
    address = f"/tasks/{pages.shop.task(number, 'take').id}"
    pages.shop.do(number, "take", pages.shop.plumber, outcome="taken")
    gone = plumber(pages).get(address)
    assert gone.status_code == 409
    assert 'class="btn btn-primary" href="/crew/"' in gone.text
    assert '<p class="crumbs"><a href="/crew/">' in gone.text
