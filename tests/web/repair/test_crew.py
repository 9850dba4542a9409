"""Pages of repair staff: where they begin, what they see first, on and off shift in one tap."""

import re
from datetime import timedelta

from engine.ports import SYSTEM
from handlers.repair.records import Area
from handlers.shared.records import outbox_call
from tests.handlers.repair.repair_world import Shop
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages


def plumber(pages: Pages) -> Browser:
    return pages.browser(pages.shop.plumber)


def order(shop: Shop, text: str = "") -> str:
    number = shop.report(text=text or "厨房水龙头滴漏")
    shop.accept(number, worker=shop.plumber)
    return number


def headings(page: str) -> list[str]:
    return [re.sub("<[^>]*>", "", text).split(" ")[0].strip() for text in re.findall("<h2>(.*?)</h2>", page)]


def test_repair_staff_begin_at_their_jobs_and_everybody_else_at_the_inbox(pages: Pages) -> None:
    assert plumber(pages).get("/").location == "/crew/"
    assert pages.browser(pages.shop.lead).get("/").location == "/inbox"
    assert pages.browser(pages.shop.clerk).get("/crew/").status_code == 403


def test_a_job_says_what_where_and_which_step(pages: Pages) -> None:
    order(pages.shop)
    page = plumber(pages).get("/crew/").text
    for text in ("水龙头", "1栋2单元301", "接单", "剩 "):
        assert text in page, text


def test_jobs_are_listed_by_time_or_by_building(pages: Pages) -> None:
    order(pages.shop)
    later = pages.shop.report(text="过几天再来")
    pages.shop.accept(later, worker=pages.shop.plumber)
    pages.shop.do(later, "take", pages.shop.plumber, outcome="taken")
    visit_at = pages.shop.clock.now() + timedelta(days=3)
    agreed = {"outcome": "fixed", "visit_at": visit_at.isoformat(), "late_reason": "owner"}
    pages.shop.do(later, "appoint", pages.shop.plumber, **agreed)
    page = plumber(pages).get("/crew/").text
    assert headings(page) == ["现在", "以后"]
    assert "约 11-26 09:30–10:30<" in page, "the day of a visit is named once"
    assert headings(plumber(pages).get("/crew/?by=building").text) == ["1栋"]


def test_what_is_urgent_and_unclaimed_can_be_taken_from_the_first_page(pages: Pages) -> None:
    pages.shop.report("W01", "水管爆了", area=Area.COMMON, place="地下室")
    page = plumber(pages).get("/crew/").text
    assert "本组可领取" in headings(page)
    claim = re.search(r'action="(/tasks/\d+/claim)"', page)
    assert claim is not None
    assert plumber(pages).post(claim[1], page="/crew/").status_code == 302
    assert "本组可领取" not in headings(plumber(pages).get("/crew/").text)


def test_an_order_that_waits_for_the_owner_stays_in_sight(pages: Pages) -> None:
    number = order(pages.shop)
    pages.shop.go_to(number)
    pages.shop.mend(number)
    page = plumber(pages).get("/crew/").text
    assert headings(page) == ["等别人办"]
    assert "待确认" in page


def test_on_and_off_shift_is_one_tap_and_leads_back(pages: Pages) -> None:
    pages.shop.off_duty(pages.shop.plumber)
    pages.shop.clock.advance(minutes=1)
    form = {"community_id": str(pages.shop.community), "next": "/crew/"}
    phone = plumber(pages)
    assert "不在班" in phone.get("/crew/").text
    assert phone.post("/shift/begin", form, page="/crew/").location == "/crew/"
    assert "下班" in phone.get("/crew/").text
    assert phone.post("/shift/end", {"next": "/crew/"}, page="/crew/").location == "/crew/"
    assert "不在班" in phone.get("/crew/").text


def test_nobody_is_led_to_another_site_after_a_shift(pages: Pages) -> None:
    answer = plumber(pages).post("/shift/end", {"next": "https://example.org/"}, page="/crew/")
    assert answer.location == "/"


def test_the_price_list_is_at_hand(pages: Pages) -> None:
    page = plumber(pages).get("/crew/prices").text
    assert "¥" in page
    assert "/crew/prices" in plumber(pages).get("/crew/").text


def test_an_urgent_order_rings_on_every_page_until_one_has_heard_it(pages: Pages) -> None:
    number = pages.shop.report("W01", "水管爆了", area=Area.COMMON, place="地下室")
    first, second = plumber(pages), pages.browser(pages.shop.second_plumber)
    quiet = pages.browser(pages.shop.clerk).get("/crew/ringing")
    rung = first.get("/crew/ringing")
    assert [one["number"] for one in rung.get_json()] == [number]
    assert set(rung.get_json()[0]) == {"number", "title", "place"}
    assert quiet.get_json() == []
    assert first.get("/crew/ringing", **{"If-None-Match": rung.headers["ETag"]}).status_code == 304

    heard = second.post(f"/repairs/{number}/heard", page="/crew/")

    assert heard.location == f"/tasks/{pages.shop.task(number, 'take').id}"
    assert first.get("/crew/ringing").get_json() == []


def test_the_pages_ring_on_after_the_telephone_gave_up_and_until_the_order_is_taken(pages: Pages) -> None:
    number = pages.shop.report("W01", "水管爆了", area=Area.COMMON, place="地下室")
    with pages.shop.engine.work(SYSTEM) as work:
        work.connection.execute(outbox_call.update().values(given_up_at=work.now))
    phone = plumber(pages)
    assert len(phone.get("/crew/ringing").get_json()) == 1
    pages.shop.do(number, "take", pages.shop.second_plumber, minutes=5)
    assert phone.get("/crew/ringing").get_json() == []


def test_new_work_is_named_once_and_asking_in_vain_costs_an_empty_answer(pages: Pages) -> None:
    shop, browser = pages.shop, plumber(pages)
    first = shop.task(order(shop), "take").id
    address = re.search(r'data-fresh-poll="([^"]*)"', browser.get("/crew/").text)
    assert address is not None
    asked = browser.get(address[1])
    assert asked.json == [str(first)], "what is on the page already does not count there"
    again = browser.client.get(address[1], headers={"If-None-Match": asked.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    second = shop.task(order(shop), "take").id
    assert browser.get(address[1]).json == [str(first), str(second)]
